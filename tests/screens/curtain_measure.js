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
  const CUTS = ".portal-label, .entry-portal, [data-own] .strip #main";
  const box = (r) => [r.left, r.top, r.right, r.bottom];
  // What an element that cuts short hides of a text cannot be cut off by anything else.
  const seen = (parent, rects) => {
    const window = parent.closest(CUTS)?.getBoundingClientRect();
    if (!window) return rects.map(box);
    const [left, top, right, bottom] = box(window);
    return rects.map((r) => [Math.max(r.left, left), Math.max(r.top, top), Math.min(r.right, right), Math.min(r.bottom, bottom)])
      .filter((r) => r[0] < r[2] && r[1] < r[3]);
  };
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
      boxes: seen(parent, [...range.getClientRects()]),
      contrast: (Math.max(a, b) + .05) / (Math.min(a, b) + .05),
      size: parseFloat(getComputedStyle(parent).fontSize),
    });
  }
  const buttons = {};
  for (const b of document.querySelectorAll("button")) {
    if (b.checkVisibility()) buttons[b.dataset.key || b.dataset.portal || b.id || b.dataset.language] = box(b.getBoundingClientRect());
  }
  const rect = (selector) => { const e = document.querySelector(selector); return e?.checkVisibility() ? box(e.getBoundingClientRect()) : null; };
  return JSON.stringify({
    texts, buttons,
    portals: [...document.querySelectorAll(".portal")].filter((e) => e.checkVisibility()).map((e) => ({
      key: e.dataset.portal, pressed: e.getAttribute("aria-pressed") === "true", disabled: e.disabled,
      ground: getComputedStyle(e).backgroundColor, word: e.querySelector(".portal-word").textContent,
      sign: getComputedStyle(e.querySelector(".portal-word"), "::before").content,
    })),
    printed: document.getElementById("printed")?.checkVisibility() ?? false,
    main: parseFloat(getComputedStyle(document.getElementById("main")).fontSize),
    field: document.getElementById("desk-field")?.checkVisibility() ? document.getElementById("desk-field").textContent : null,
    dots: document.querySelectorAll("#desk-dots .typed").length,
    panels: [...document.querySelectorAll(".desk-say, .desk-do, .desk-bar, .desk-foot")].filter((e) => [...e.children].some((c) => c.checkVisibility())).map((e) => {
      const inner = [...e.children].filter((c) => c.checkVisibility()).map((c) => box(c.getBoundingClientRect()));
      return [Math.min(...inner.map((b) => b[0])), Math.min(...inner.map((b) => b[1])), Math.max(...inner.map((b) => b[2])), Math.max(...inner.map((b) => b[3]))];
    }),
    spilt: [...document.querySelectorAll("button, .note, .desk-bar, #desk-field, #desk-who")]
      .filter((e) => e.checkVisibility() && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
      .map((e) => e.dataset.key || e.id || e.className),
    cut: [...document.querySelectorAll(CUTS)]
      .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + parseFloat(getComputedStyle(e).fontSize) / 2)
      .map((e) => e.closest("[data-portal]")?.dataset.portal ?? (e.id || e.className)),
    fits: document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight,
    viewport: [innerWidth, innerHeight],
    words: rect(".words"), footer: rect("footer"), picture: rect("[data-picture]:not([hidden])"),
  });
})()
