// What an accessibility checker would call serious in a page without controls: returns a list of faults.
(() => {
  const faults = [];
  const say = (element, what) => faults.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  if (!document.documentElement.lang) faults.push("the page has no language");
  if (!document.title) faults.push("the page has no title");
  if (document.querySelectorAll("h1").length !== 1) faults.push("the page has not exactly one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("the page has not exactly one main");
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(heading, `a heading skips from ${level} to ${own}`);
    if (!heading.textContent.trim()) say(heading, "an empty heading");
    level = own;
  }
  for (const image of document.querySelectorAll("svg,img"))
    if (!(image.getAttribute("aria-label") || image.getAttribute("alt"))) say(image, "a picture without a text");
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("thead th")) say(table, "a table without headers");
    for (const head of table.querySelectorAll("th")) {
      if (!head.scope) say(head, "a table header without a scope");
      if (!head.textContent.trim()) say(head, "an empty table header");
    }
  }
  for (const link of document.querySelectorAll("a")) if (!link.textContent.trim()) say(link, "a link without a text");
  for (const item of document.querySelectorAll("li")) if (!/^(UL|OL)$/.test(item.parentElement.tagName)) say(item, "a stray item");
  for (const item of document.querySelectorAll("dt,dd")) if (item.parentElement.tagName !== "DL") say(item, "a stray term");
  for (const list of document.querySelectorAll("ul,ol"))
    for (const child of list.children) if (child.tagName !== "LI") say(child, "no item in a list");
  for (const details of document.querySelectorAll("details"))
    if (details.firstElementChild.tagName !== "SUMMARY") say(details, "details without a summary");
  for (const box of document.querySelectorAll(".scroll")) if (box.tabIndex < 0) say(box, "scrolled by mouse only");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id occurs twice");

  for (const details of document.querySelectorAll("details")) details.open = true;
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || /^(SCRIPT|STYLE)$/.test(element.tagName)) continue;
    const style = getComputedStyle(element);
    if (style.visibility === "hidden" || !element.getClientRects().length) continue;
    const ink = light(parse(element.closest("svg") ? style.fill : style.color).slice(0, 3));
    const paper = light(ground(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) say(element, `contrast ${ratio.toFixed(2)}`);
  }
  return faults;
})();
