import { element, number, token, written } from "./elements.js";

function valueAt({ taps, positions }, picture, { position, tap }) {
  const row = taps.indexOf(tap);
  const column = positions.findIndex((one) => one.position === position);
  return picture.values[row]?.[column] ?? null;
}

const fate = ({ released }) => (released === null ? "prompt" : released ? "sent" : "never sent");

/** The marked place as one text. */
export function textOf(enrichment, picture, at) {
  const one = enrichment.positions.find(({ position }) => position === at.position);
  if (one === undefined) return "nothing chosen";
  const place = `token "${one.text}" at ${one.position}, ${fate(one)}`;
  if (at.tap === null) return place;
  const value = valueAt(enrichment, picture, at);
  return `${at.tap}, ${place}: ${value === null ? "not read" : number(value)}${at.pinned ? ", pinned" : ""}`;
}

/** The marked place under the picture. */
export function readoutOf(enrichment, { picture }, cursor) {
  const { at } = cursor;
  const one = enrichment.positions.find(({ position }) => position === at.position);
  if (one === undefined) return ["Point at a cell, or use the arrow keys; a click or Enter pins it."];
  const place = [token(one.text), ` at ${one.position}, ${fate(one)}`];
  const unpin = at.pinned
    ? element("button", { type: "button", class: "link", onclick: () => cursor.free() }, "Unpin")
    : undefined;
  if (at.tap === null) return [element("span", {}, ...place), unpin ?? ""];
  const value = valueAt(enrichment, picture, at);
  const over = value !== null && picture.threshold !== null && value >= picture.threshold;
  const layer =
    at.position === enrichment.firing.position ? enrichment.layers.find(({ tap }) => tap === at.tap) : undefined;
  const top = layer?.byProbability.slice(0, 3).flatMap(({ text }) => [" ", token(text)]) ?? [];
  return [
    element("span", {}, element("code", {}, written(at.tap, true)), " · ", ...place, " · "),
    element(
      "span",
      { class: over ? "read over" : "read" },
      value === null ? "not read" : `${picture.unit} ${number(value)}`,
    ),
    top.length === 0 ? "" : element("span", {}, " · top", ...top),
    unpin ?? "",
  ];
}

/** What the picture shows, for those who cannot see it and those in a hurry. */
export function sayingOf({ taps, positions, firing }, picture) {
  const column = positions.findIndex(({ position }) => position === firing.position);
  const values = taps
    .map((tap, row) => ({ tap, value: picture.values[row]?.[column] ?? null }))
    .filter(({ value }) => value !== null);
  if (values.length === 0) return ["Nothing was read at the firing token."];
  const strongest = values.reduce((best, one) => (one.value > best.value ? one : best));
  const at = ["At ", token(positions[column]?.text ?? "")];
  const most = [" strongest at ", element("code", {}, written(strongest.tap, true)), ` (${number(strongest.value)}).`];
  if (picture.threshold === null) return [...at, ":", ...most];
  const over = values.filter(({ value }) => value >= picture.threshold);
  if (over.length === 0) return [...at, " it stays below the threshold;", ...most];
  const reach = ` it reaches the threshold in ${over.length} of ${values.length} places, first at `;
  return [...at, reach, element("code", {}, written(over[0].tap, true)), ";", ...most];
}

export function legendOf({ threshold, lens, unit }, { low, top }) {
  return [
    element("span", { class: "legend-end" }, number(low)),
    element("span", { class: "legend-bar", "aria-hidden": "true" }),
    element("span", { class: "legend-end" }, threshold === null ? number(top) : `${number(threshold)} threshold`),
    ...(threshold === null
      ? []
      : [
          element("span", { class: "legend-bar over", "aria-hidden": "true" }),
          element("span", { class: "legend-end" }, number(Math.max(top, threshold))),
        ]),
    element(
      "span",
      { class: "legend-note" },
      ...(lens === "none" ? ["What each tap adds to the score"] : [`${unit}, lens `, written(lens, true)]),
      ". Blue marks: read live. Upper rows: later layers.",
    ),
  ];
}
