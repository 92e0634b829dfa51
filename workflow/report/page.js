"use strict";
// Sorts, searches, pages and saves the tables. Without it the page can still be read and printed.
const PAGE = 50;

function parse(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

function decode(link) {
  return Uint8Array.from(atob(link.getAttribute("href").split(",")[1]), (letter) => letter.charCodeAt(0));
}

// Empty fields come last, numbers by size, text by its letters and the numbers in it.
const collator = new Intl.Collator("en", { numeric: true });
function compare(a, b, up) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const difference = Number(a) - Number(b);
  return up * (Number.isNaN(difference) ? collator.compare(a, b) : difference);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function enliven(sheet) {
  const link = sheet.querySelector("a[download]");
  const body = sheet.querySelector("tbody");
  const heads = [...sheet.querySelectorAll("th")];
  const long = "total" in sheet.dataset;
  let rows, first = 0, shown;

  // A row is its fields' keys and its line, which a long table makes only when it is looked at.
  function load() {
    if (rows) return;
    if (long) {
      rows = parse(new TextDecoder().decode(decode(link))).slice(1).map((keys) => ({ keys }));
    } else {
      rows = [...body.rows].map((line) => ({ line, keys: [...line.cells].map((cell) => cell.dataset.key ?? cell.textContent.trim()) }));
    }
    shown = rows;
  }
  function lineOf(row) {
    row.line ??= element("tr", {}, ...row.keys.map((text, at) => element("td", { className: heads[at].className, textContent: text })));
    return row.line;
  }
  function show(start = 0) {
    first = Math.max(0, Math.min(start, Math.floor((shown.length - 1) / PAGE) * PAGE));
    const until = long ? Math.min(first + PAGE, shown.length) : shown.length;
    body.replaceChildren(...shown.slice(first, until).map(lineOf));
    if (!long) return;
    place.textContent = shown.length ? `${(first + 1).toLocaleString("en")}–${until.toLocaleString("en")} of ${shown.length.toLocaleString("en")}` : "nothing found";
    [back.disabled, forth.disabled] = [first === 0, until >= shown.length];
  }
  function sort(at) {
    load();
    const up = heads[at].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[at].setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
    const order = (a, b) => compare(a.keys[at] ?? "", b.keys[at] ?? "", up);
    rows.sort(order);
    if (shown !== rows) shown.sort(order);
    show();
  }
  function search(words) {
    load();
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    shown = wanted.length ? rows.filter((row) => { const all = row.keys.join(" ").toLowerCase(); return wanted.every((word) => all.includes(word)); }) : rows;
    show();
  }

  heads.forEach((head, at) => {
    if (head.matches(".picture, .plain")) return;
    head.replaceChildren(element("button", { type: "button", onclick: () => sort(at) }, ...head.childNodes));
  });
  const place = element("span", { role: "status" });
  const back = element("button", { type: "button", textContent: "Back", onclick: () => show(first - PAGE) });
  const forth = element("button", { type: "button", textContent: "Next", onclick: () => show(first + PAGE) });
  if (long) {
    const field = element("input", { type: "search", placeholder: "words to search for", oninput: () => search(field.value) });
    field.setAttribute("aria-label", `Search ${link.download}`);
    const controls = sheet.querySelector(".controls");
    controls.replaceChildren(field, back, forth, place);
    controls.hidden = false;
    const start = () => { load(); show(); };
    const fold = sheet.closest("details");
    if (fold && !fold.open) fold.addEventListener("toggle", start, { once: true }); else start();
  }
  // Browsers refuse data addresses of some megabytes; a blob has no such limit.
  link?.addEventListener("click", () => {
    if (!link.href.startsWith("data:")) return;
    load();
    link.href = URL.createObjectURL(new Blob([decode(link)], { type: "text/csv" }));
  });
}

document.querySelectorAll(".sheet").forEach(enliven);
