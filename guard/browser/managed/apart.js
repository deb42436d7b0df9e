// Runs in a JavaScript world of our own in every document, before any script of the page. The page can neither
// see nor undo it; `guardRefuses` is a binding that exists in this world only.
(() => {
  // What is no web address is stopped by the policy as well, but that would put an error page in the place of
  // the citizen's half-filled form.
  if (self === top) navigation.addEventListener('navigate', event => {
    if (/^https?:/.test(event.destination.url) || event.downloadRequest !== null) return;
    event.preventDefault();
    guardRefuses(event.destination.url);
  }, true);

  // A finger that stays asks for the browser's own menu, as the right button would.
  addEventListener('contextmenu', event => event.preventDefault(), true);

  // There is one window: what would open another opens here, and is asked for once, not twice.
  const here = ['', '_self', '_parent', '_top'];
  const elsewhere = target =>
    !here.includes(target.toLowerCase()) && !document.querySelector(`iframe[name=${CSS.escape(target)}]`);
  const base = () => document.querySelector('base[target]')?.target ?? '';

  addEventListener('click', event => {
    const link = event.composedPath().find(one => one instanceof Element && one.matches('a[href], area[href]'));
    if (!link) return;
    if (event.ctrlKey || event.shiftKey || event.metaKey) event.preventDefault();
    else if (elsewhere(link.target || base())) link.target = '_top';
  }, true);

  addEventListener('submit', event => {
    const form = event.target, button = event.submitter;
    if (elsewhere(button?.formTarget || form.target || base())) {
      form.target = '_top';
      button?.removeAttribute('formtarget');
    }
  }, true);
})();
