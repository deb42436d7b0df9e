// Evaluates to the measurements of the page as it stands, as JSON.
(() => {
  const colour = (text) => { const n = text.match(/[\d.]+/g).map(Number); return [...n.slice(0, 3), n[3] ?? 1]; };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a] = colour(getComputedStyle(e).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const box = (r) => [r.left, r.top, r.right, r.bottom];
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (node.data.trim() === "" || !parent.checkVisibility() || parent.closest("script,style")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const [a, b] = [light(colour(getComputedStyle(parent).color).slice(0, 3)), light(ground(parent))];
    texts.push({
      text: node.data,
      boxes: [...range.getClientRects()].map(box),
      contrast: (Math.max(a, b) + .05) / (Math.min(a, b) + .05),
      size: parseFloat(getComputedStyle(parent).fontSize),
    });
  }
  const buttons = {};
  for (const b of document.querySelectorAll("button")) {
    buttons[b.id || b.dataset.language] = box(b.getBoundingClientRect());
  }
  const rect = (selector) => { const e = document.querySelector(selector); return e && box(e.getBoundingClientRect()); };
  return JSON.stringify({
    texts, buttons,
    main: parseFloat(getComputedStyle(document.getElementById("main")).fontSize),
    fits: document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight,
    viewport: [innerWidth, innerHeight],
    words: rect(".words"), footer: rect("footer"), picture: rect("[data-picture]:not([hidden])"),
  });
})()
