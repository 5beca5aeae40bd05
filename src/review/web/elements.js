import { visiblePieces } from "./visible-text.js";

/** Builds an element. Children are nodes or texts; texts become text nodes, so no markup in them ever counts. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("--")) node.style.setProperty(key, value);
    else if (key === "onclick") node.addEventListener("click", value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

/** Text that a model, a caller or a reviewer wrote: characters that hide or move text are written out. */
export function written(text, singleLine = false) {
  const parts = visiblePieces(text, singleLine).map((piece) =>
    piece.mark
      ? element("span", { class: piece.text === "␣" ? "mark space" : "mark" }, piece.text)
      : document.createTextNode(piece.text),
  );
  const fragment = document.createDocumentFragment();
  fragment.append(...parts);
  return fragment;
}

/** Three figures are enough to compare scores. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** `3 min`, `2 h`, `5 d`. */
export function duration(milliseconds) {
  const minutes = Math.max(0, milliseconds) / 60_000;
  if (minutes < 1) return "<1 min";
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
}

/** `true_positive` → `true positive`. */
export const words = (name) => name.replaceAll("_", " ");
