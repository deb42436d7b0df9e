// Runs among the page's own scripts, before them, in every frame: what no policy switches off. A page could get
// around this; nothing worse happens then, for its window stays inside ours.
(() => {
  window.close = () => {};  // it would end its citizen's session
  const refuse = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  for (const name of ['requestFullscreen', 'webkitRequestFullscreen', 'webkitRequestFullScreen'])
    Element.prototype[name] = refuse;
  Element.prototype.requestPointerLock = refuse;  // it would hide the pointer
  HTMLVideoElement.prototype.requestPictureInPicture = refuse;
  delete window.documentPictureInPicture;

  window.print = () => window.guardPrints?.('');  // there in every frame that shares the page's process

  // There is one window; without a person's click the browser itself opens none.
  const open = window.open.bind(window);
  window.open = (address, ...rest) => {
    if (!address || !navigator.userActivation.isActive) return open(address, ...rest);
    top.location.assign(new URL(address, document.baseURI));
    return null;
  };
})();
