"use strict";
// Shows one solution at a time, takes its label by key or button, and keeps all labels in this browser.
const data = JSON.parse(document.getElementById("data").textContent);
const { study, dataset, annotator, items } = data;
const [SOUND, FLAWED, CANNOT_TELL] = data.allowed;
const find = (id) => document.getElementById(id);
const keyOf = (row) => JSON.stringify([row.problem, row.shown]);
const STORE = `yetbetter ${JSON.stringify([study, dataset, annotator])}`;
const UNDONE = 1000; // steps of undo that are kept, since browsers keep a few megabytes
const onPage = new Map(items.map((item) => [keyOf(item), item]));

// labels: by problem and digest; may hold labels of texts that are not on this page. history: what undo brings back.
let state = { labels: {}, history: [] };
let at = 0, picking = false, typed = "", marked = 0, kept = true;

// Storage --------------------------------------------------------------------------------------------------------------

function recall() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE) ?? "null");
    if (found?.labels && Array.isArray(found.history)) state = found;
  } catch { kept = false; }
  for (const row of data.labels) state.labels[keyOf(row)] ??= row;
}
function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
    kept = true;
  } catch { kept = false; }
}
// changes: [key, row or null]. One step of undo, however many they are.
function change(changes) {
  state.history.push(changes.map(([key]) => [key, state.labels[key] ?? null]));
  state.history.splice(0, state.history.length - UNDONE);
  put(changes);
}
function put(changes) {
  for (const [key, row] of changes) {
    if (row) state.labels[key] = row; else delete state.labels[key];
  }
  keep();
}
function undo() {
  const changes = state.history.pop();
  if (!changes) return say("Nothing to undo.");
  put(changes);
  const place = items.findIndex((item) => keyOf(item) === changes[0][0]);
  say(changes.length > 1 ? `Undone: ${changes.length} labels.` : "Undone.");
  go(place < 0 ? at : place);
}

// Showing --------------------------------------------------------------------------------------------------------------

const INVISIBLE = /([\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u115f\u1160\u3164])/u;
// Text as text: what cannot be seen, or would turn other text around, is shown by its number.
function fill(element, text) {
  const parts = text.split(INVISIBLE).map((part, place) => {
    if (place % 2 === 0 || part === "\n" || part === "\t") return part;
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = "U+" + part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return mark;
  });
  element.replaceChildren();
  for (const part of parts) element.append(part);
}
const isLabelled = (item) => keyOf(item) in state.labels;
function inWords(row) {
  return row.label === FLAWED ? `${FLAWED}, ${row.first_wrong_step ? `step ${row.first_wrong_step}` : "no single step"}` : row.label;
}
function show() {
  const item = items[at], done = items.filter(isLabelled).length;
  find("progress").max = items.length || 1;
  find("progress").value = done;
  find("count").textContent = `${done} of ${items.length} labelled`;
  find("warning").hidden = kept;
  find("warning").textContent = "This browser does not keep the labels over a reload (a private window?). Save them as a file before you leave.";
  const others = Object.keys(state.labels).length - done;
  find("save").textContent = `Save ${done} label${done === 1 ? "" : "s"}`;
  find("rest").hidden = !others;
  find("rest").textContent = `Save ${others} of texts that are not on this page`;
  find("bar").hidden = find("card").hidden = !item;
  if (!item) return;
  find("place").textContent = `Solution ${at + 1} of ${items.length}`;
  const row = state.labels[keyOf(item)];
  find("given").textContent = row ? `labelled ${inWords(row)}` : "";
  find("given").hidden = !row;
  if (find("card").dataset.shown !== keyOf(item)) draw(item);
  find("steps").className = picking ? "picking" : "";
  const step = picking ? marked : row?.first_wrong_step;
  [...find("steps").children].forEach((line, place) => line.classList.toggle("marked", place + 1 === step));
  const reading = find("guidelines").open;
  find("labels").hidden = picking || reading;
  find("picking").hidden = !picking || reading;
  find("reading").hidden = !reading;
  find("moves").hidden = reading;
  const names = { s: SOUND, f: FLAWED, c: CANNOT_TELL };
  for (const button of find("labels").children) button.classList.toggle("given", row?.label === names[button.dataset.key]);
  find("ask").textContent = reading ? "" : picking
    ? `Which is the first wrong step? Tap it, or type its number${typed ? `: ${typed}, then Enter` : ""}.`
    : done === items.length ? "All are labelled. Save the labels." : "";
}
function draw(item) {
  find("card").dataset.shown = keyOf(item);
  fill(find("question"), item.question);
  fill(find("answer"), item.answer);
  find("steps").replaceChildren(...item.steps.map((text, place) => {
    const line = document.createElement("li"), number = document.createElement("span"), body = document.createElement("div");
    number.className = "number";
    number.textContent = place + 1;
    body.className = "text";
    body.dir = "auto";
    fill(body, text);
    line.append(number, body);
    line.addEventListener("click", () => { if (picking) flaw(place + 1); });
    return line;
  }));
  find("notes").replaceChildren(...item.notes.map((text) => {
    const line = document.createElement("li");
    fill(line, text);
    return line;
  }));
}
function say(text) { find("message").textContent = text; }
function go(place) {
  [picking, typed, marked] = [false, "", 0];
  at = Math.max(0, Math.min(place, items.length - 1));
  show();
  // Long solutions and open guidelines would hide the start of the next one.
  if (items.length) find("card").scrollIntoView({ block: "start", behavior: "instant" });
}
function nextUnlabelled(from) {
  const order = [...items.keys()].map((place) => (from + place) % items.length);
  return order.find((place) => !isLabelled(items[place]));
}

// Labelling ------------------------------------------------------------------------------------------------------------

function label(name, step = null) {
  const item = items[at], { problem, shown, choice } = item;
  change([[keyOf(item), { study, dataset, annotator, problem, shown, label: name, first_wrong_step: step, choice }]]);
  say("");
  go(nextUnlabelled(at + 1) ?? at);
}
function flaw(step) { label(FLAWED, step || null); }
function pick() {
  [picking, typed, marked] = [true, "", 0];
  show();
}
function type(digit) {
  const steps = items[at].steps.length, number = Number(typed + digit);
  if (number === 0) return flaw(0);
  if (number > steps) {
    [typed, marked] = ["", 0];
    show();
    find("ask").textContent = `This solution has no step ${number}. ${find("ask").textContent}`;
    return;
  }
  if (number * 10 > steps) return flaw(number);
  [typed, marked] = [String(number), number];
  show();
}
function mark(by) {
  [typed, marked] = ["", Math.max(1, Math.min(marked + by, items[at].steps.length))];
  show();
  find("steps").children[marked - 1]?.scrollIntoView({ block: "nearest" });
}
const whilePicking = {
  Escape: () => go(at),
  Enter: () => { if (marked) flaw(marked); },
  ArrowDown: () => mark(1),
  ArrowUp: () => mark(-1),
  f: () => {},
};
const keys = {
  s: () => label(SOUND),
  f: pick,
  c: () => label(CANNOT_TELL),
  n: () => go(nextUnlabelled(at + 1) ?? at),
  ArrowLeft: () => go(at - 1),
  ArrowRight: () => go(at + 1),
};
const always = {
  u: undo,
  e: () => find("save").click(),
  i: () => find("load").click(),
  g: () => {
    const guidelines = find("guidelines");
    guidelines.open = !guidelines.open;
    if (guidelines.open) guidelines.scrollIntoView(); else go(at);
  },
};
// Nobody labels a solution that is hidden behind the guidelines.
const whileReading = { Enter: always.g, Escape: always.g, s: () => {}, f: () => {}, c: () => {}, u: () => {} };
function press(key) {
  if (find("guidelines").open) {
    const act = whileReading[key] ?? always[key];
    act?.();
    return Boolean(act);
  }
  if (items.length && picking && /^[0-9]$/.test(key)) return type(key), true;
  const act = (items.length ? (picking && whilePicking[key]) || keys[key] : null) ?? always[key];
  act?.();
  return Boolean(act);
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  // Enter is of the button or link that has the focus.
  const own = event.key === "Enter" && !picking && !(find("guidelines").open && document.activeElement === document.body);
  if (!own && press(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
});
find("bar").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) press(button.dataset.key);
});

// Files ----------------------------------------------------------------------------------------------------------------

function offer(link, name, rows) {
  const text = rows.map((row) => JSON.stringify(row) + "\n").join("");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = name;
  say(`Saved: ${rows.length} labels in ${name}.`);
}
const name = [study, dataset, annotator].join("-");
// In the order of the page, so that the same labels are the same file.
find("save").addEventListener("click", () => {
  offer(find("save"), `${name}.jsonl`, items.filter(isLabelled).map((item) => state.labels[keyOf(item)]));
});
find("rest").addEventListener("click", () => {
  offer(find("rest"), `${name}-other.jsonl`, Object.entries(state.labels).filter(([key]) => !onPage.has(key)).map(([, row]) => row));
});
// The rows of a file; throws a line of text for the first fault.
function read(text) {
  const rows = [], seen = new Map();
  text.replace(/^\ufeff/, "").split("\n").forEach((line, place) => {
    if (!line.trim()) return;
    const where = `line ${place + 1}`;
    let row;
    try { row = JSON.parse(line); } catch { throw `${where}: not JSON (a file that is cut off?)`; }
    const fault = faultOf(row);
    if (fault) throw `${where}: ${fault}`;
    if (seen.has(keyOf(row))) throw `${where}: a second label of the text of line ${seen.get(keyOf(row))}`;
    seen.set(keyOf(row), place + 1);
    rows.push(row);
  });
  return rows;
}
function faultOf(row) {
  if (row === null || typeof row !== "object" || Array.isArray(row)) return "not a label";
  for (const [key, wanted] of Object.entries({ study, dataset, annotator })) {
    if (row[key] !== wanted) return `${key} is ${JSON.stringify(row[key])}, on this page ${wanted}`;
  }
  if (typeof row.problem !== "string" || typeof row.shown !== "string") return "no problem, or no digest of what was shown";
  if (!data.allowed.includes(row.label)) return `unknown label ${JSON.stringify(row.label)} (allowed: ${data.allowed.join(", ")})`;
  const step = row.first_wrong_step, last = onPage.get(keyOf(row))?.steps.length ?? Infinity;
  if (step !== null && !(row.label === FLAWED && Number.isInteger(step) && step >= 1 && step <= last)) return `first_wrong_step is ${JSON.stringify(step)}`;
  return "";
}
find("load").addEventListener("change", async () => {
  const [file] = find("load").files;
  find("load").value = "";
  if (!file) return;
  let rows;
  try { rows = read(await file.text()); } catch (fault) { return say(`${file.name}: ${fault}. Nothing was loaded.`); }
  const same = (row) => JSON.stringify(row) === JSON.stringify(state.labels[keyOf(row)]);
  const changed = rows.filter((row) => !same(row));
  const replaced = changed.filter((row) => keyOf(row) in state.labels).length;
  if (changed.length) change(changed.map((row) => [keyOf(row), row]));
  say(`${file.name}: ${rows.length} labels, ${changed.length - replaced} new, ${replaced} replaced.`);
  go(nextUnlabelled(at) ?? at);
});
// The same page in another tab.
window.addEventListener("storage", (event) => {
  if (event.key === STORE && event.newValue) { state = JSON.parse(event.newValue); show(); }
});
window.addEventListener("beforeunload", (event) => { if (!kept && Object.keys(state.labels).length) event.preventDefault(); });

find("guidelines").addEventListener("toggle", show);

recall();
keep();
find("guidelines").open = !items.some(isLabelled);
at = nextUnlabelled(0) ?? 0;
show();
