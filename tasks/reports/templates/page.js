// Adds to a page that is complete without it: sorting and filtering of tables, and closed sections open for print.
(() => {
  "use strict";
  const all = (place, within = document) => [...within.querySelectorAll(place)];
  const read = (cell) => (cell ? cell.textContent.trim() : "");
  const number = (text) => {
    const found = text.replace(/,/g, "").replace("−", "-").match(/^-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : NaN;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b);
    return x - y;
  };

  const sort = (table, place, head) => {
    const isDown = head.getAttribute("aria-sort") === "ascending";
    const rows = all("tbody > tr", table);
    rows.sort((a, b) => compare(read(a.cells[place]), read(b.cells[place])) * (isDown ? -1 : 1));
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  };
  for (const table of all("table.sortable"))
    all("thead th", table).forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, place, head));
      head.append(button);
    });

  const filter = (section, text, count) => {
    const wanted = text.trim().toLowerCase();
    let shown = 0;
    for (const item of all("[data-find]", section)) {
      item.hidden = !item.dataset.find.toLowerCase().includes(wanted);
      shown += !item.hidden;
    }
    for (const details of all("details", section))
      if (wanted && all("[data-find]", details).some((item) => !item.hidden)) details.open = true;
    count.textContent = wanted ? `${shown} shown` : "";
  };
  for (const place of all("[data-filter]")) {
    const [label, input, count] = ["label", "input", "output"].map((name) => document.createElement(name));
    input.type = "search";
    input.autocomplete = "off";
    label.append(`${place.dataset.filter} `, input);
    place.append(label, count);
    input.addEventListener("input", () => filter(place.closest("section"), input.value, count));
  }

  const closed = new Set();
  addEventListener("beforeprint", () => all("details:not([open])").forEach((d) => closed.add(d) && (d.open = true)));
  addEventListener("afterprint", () => { closed.forEach((d) => (d.open = false)); closed.clear(); });
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target || null; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
