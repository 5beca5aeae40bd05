import { element, number, written } from "./elements.js";
import { visibleText } from "./visible-text.js";

/** The live scores of the last positions, one row a detector, the firing position last. */
export function stripView({ strip, detector }) {
  if (strip.positions.length === 0) return undefined;
  const readout = element(
    "p",
    { class: "readout" },
    `Last ${strip.positions.length} positions, newest right. Red: at the threshold or above. Point at a cell to read it.`,
  );
  const rows = strip.rows.map((row) => rowView(strip.positions, row, { own: row.detector === detector, readout }));
  return element("div", { class: "strips" }, element("h4", {}, "Live scores"), ...rows, readout);
}

function rowView(positions, row, { own, readout }) {
  const cells = row.scores.map((score, index) => {
    const over = score !== null && row.threshold !== null && score >= row.threshold;
    const kind = score === null ? "cell none" : over ? "cell over" : "cell";
    return element("span", { class: kind, "--heat": heatOf(score, row).toFixed(3), "data-index": String(index) });
  });
  const strip = element(
    "div",
    { class: row.threshold === null ? "strip unscaled" : "strip", role: "img", "aria-label": describe(positions, row) },
    ...cells,
  );
  strip.addEventListener("pointerover", (event) => {
    const index = Number(event.target.dataset?.index ?? Number.NaN);
    if (Number.isNaN(index)) return;
    const score = row.scores[index];
    const { position, text } = positions[index];
    readout.replaceChildren(
      element("code", {}, written(text === "" ? "…" : text, true)),
      ` at ${position}: `,
      written(row.detector, true),
      ` ${score === null ? "not judged" : number(score)}`,
    );
  });
  return element(
    "div",
    { class: own ? "strip-row own" : "strip-row" },
    element("span", { class: "strip-name" }, written(row.detector, true)),
    strip,
  );
}

function heatOf(score, { low, high }) {
  if (score === null) return 0;
  return Math.min(1, Math.max(0, (score - low) / (high - low)));
}

function describe(positions, { detector, scores, threshold }) {
  const judged = scores.map((score, index) => ({ score, index })).filter(({ score }) => score !== null);
  if (judged.length === 0) return `${visibleText(detector, true)}: not judged`;
  const top = judged.reduce((best, one) => (one.score > best.score ? one : best));
  const { position, text } = positions[top.index];
  const limit = threshold === null ? "threshold unknown" : `threshold ${number(threshold)}`;
  return visibleText(
    `${detector}: highest ${number(top.score)} at position ${position}, token "${text}"; ${limit}`,
    true,
  );
}
