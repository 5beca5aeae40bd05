import { now } from "./api.js";
import { visiblePieces } from "./visible-text.js";

/** Builds an element. Children are nodes or texts; texts become text nodes, so no markup in them ever counts. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("--")) node.style.setProperty(key, value);
    else if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** Text that a model, a caller or a reviewer wrote: characters that hide or move text are written out. */
export function written(text, singleLine = false) {
  const parts = visiblePieces(String(text), singleLine).map((piece) =>
    piece.mark
      ? element("span", { class: piece.text === "␣" ? "mark space" : "mark" }, piece.text)
      : document.createTextNode(piece.text),
  );
  const fragment = document.createDocumentFragment();
  fragment.append(...parts);
  return fragment;
}

/** One token, on one line, in the fixed-width face. */
export const token = (text) =>
  element("code", { class: "token", dir: "auto" }, text === "" ? "…" : written(text, true));

/** Three figures are enough to compare scores. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toFixed(Math.abs(value) >= 100 ? 0 : 2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** With its sign, for what is added to something else. */
export const signed = (value) =>
  value === null || value === undefined ? "–" : `${value < 0 ? "−" : "+"}${number(Math.abs(value))}`;

/** `91 %`, `6.0 %`, `0.04 %`, `<0.01 %`. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.01) return "<0.01 %";
  return `${value.toFixed(value === 0 || value >= 10 ? 0 : value >= 1 ? 1 : 2)} %`;
}

/** `3 min`, `2 h`, `5 d`. */
export function duration(milliseconds) {
  const minutes = Math.max(0, milliseconds) / 60_000;
  if (minutes < 1) return "<1 min";
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
}

/** How long ago, with the exact time on hover; `refreshAges` keeps it true. */
export function age(at) {
  const date = new Date(at);
  return element(
    "time",
    { datetime: date.toISOString(), title: date.toLocaleString(), "data-age": String(at) },
    duration(now() - at),
  );
}

export const moment = (at) => element("time", { datetime: new Date(at).toISOString() }, new Date(at).toLocaleString());

/** Rewrites every age on the page. */
export function refreshAges() {
  for (const node of document.querySelectorAll("[data-age]")) {
    const text = duration(now() - Number(node.dataset.age));
    if (node.textContent !== text) node.textContent = text;
  }
}

/** `true_positive` → `true positive`. */
export const words = (name) => String(name).replaceAll("_", " ");

/** `1 token`, `2 tokens`. */
export const count = (amount, noun, many = `${noun}s`) =>
  `${amount.toLocaleString("en")} ${amount === 1 ? noun : many}`;

/** A titled block; `attributes` go to its frame, an `extra` child beside the title. */
export function section(title, attributes, ...children) {
  const { extra, ...rest } = attributes;
  return element(
    "section",
    rest,
    element("div", { class: "section-head" }, element("h3", {}, title), extra),
    ...children,
  );
}

/** Pairs as a description list; null values are left out. */
export function facts(rows, attributes = {}) {
  const cells = rows
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { class: "facts-list", ...attributes }, ...cells);
}

/** Buttons of which one is pressed. `choose(value)` is told. */
export function choices(label, options, { value, choose }) {
  const buttons = options.map(([name, text]) =>
    element(
      "button",
      {
        type: "button",
        "aria-pressed": String(name === value),
        "data-value": String(name),
        onclick: () => {
          for (const other of buttons) other.setAttribute("aria-pressed", String(other.dataset.value === String(name)));
          choose(name);
        },
      },
      text,
    ),
  );
  return element("div", { class: "choices", role: "group", "aria-label": label }, ...buttons);
}
