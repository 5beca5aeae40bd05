import { element, number, section, token, written } from "./elements.js";
import { heatOf, reaches } from "./heat.js";
import { visibleText } from "./visible-text.js";

/** The live scores of the last positions, one row a detector, the firing position last. */
export function stripsView(firing, cursor) {
  const strips = stripsOf(firing, cursor);
  if (strips === undefined) return undefined;
  const title = `Live scores, last ${firing.strip.positions.length} positions`;
  return section(title, { class: "strips" }, strips);
}

/** The same without a frame. */
export function stripsOf({ strip, detector }, cursor) {
  const { positions } = strip;
  if (positions.length === 0) return undefined;
  const isJudged = (row) => row.scores.some((score) => score !== null);
  const rows = strip.rows.filter(isJudged);
  const others = strip.rows.filter((row) => !isJudged(row));
  const readout = element("p", { class: "readout" });
  const frame = element(
    "div",
    {
      class: "scrubber",
      role: "slider",
      tabindex: "0",
      "aria-label": "Position",
      "aria-valuemin": String(positions[0].position),
      "aria-valuemax": String(positions.at(-1).position),
    },
    ...rows.map((row) => rowView(positions, row, row.detector === detector)),
  );
  listen(frame, positions, cursor);
  cursor.subscribe(({ position }) => {
    const index = positions.findIndex((one) => one.position === position);
    for (const cell of frame.querySelectorAll(".at")) cell.classList.remove("at");
    for (const row of index === -1 ? [] : frame.querySelectorAll(".strip")) row.children[index]?.classList.add("at");
    const shown = index === -1 ? positions.length - 1 : index;
    frame.setAttribute("aria-valuenow", String(positions[shown].position));
    frame.setAttribute("aria-valuetext", spoken(positions[shown], rows, shown));
    readout.replaceChildren(...read(positions, rows, index));
  });
  return element(
    "div",
    { class: "strip-body" },
    frame,
    readout,
    others.length === 0
      ? undefined
      : element(
          "p",
          { class: "hint" },
          "Judged nothing here: ",
          written(others.map((row) => row.detector).join(", "), true),
          ".",
        ),
  );
}

function rowView(positions, row, own) {
  const cells = row.scores.map((score, index) => {
    const kind = score === null ? "cell none" : reaches(score, row.threshold) ? "cell over" : "cell";
    return element("span", { class: kind, "--heat": heatOf(score, row).toFixed(3), "data-index": String(index) });
  });
  return element(
    "div",
    { class: own ? "strip-row own" : "strip-row" },
    element("span", { class: "strip-name" }, written(row.detector, true)),
    element(
      "div",
      {
        class: row.threshold === null ? "strip unscaled" : "strip",
        role: "img",
        "aria-label": describe(positions, row),
      },
      ...cells,
    ),
  );
}

function listen(frame, positions, cursor) {
  const at = (event) => positions[Number(event.target.dataset?.index ?? Number.NaN)]?.position;
  frame.addEventListener("pointerover", (event) => {
    const position = at(event);
    if (position !== undefined) cursor.point(position);
  });
  frame.addEventListener("pointerleave", () => cursor.leave());
  frame.addEventListener("click", (event) => {
    const position = at(event);
    if (position !== undefined) cursor.pin(position);
  });
  frame.addEventListener("keydown", (event) => {
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      PageUp: -8,
      PageDown: 8,
      Home: -positions.length,
      End: positions.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = positions.findIndex(({ position }) => position === cursor.at.position);
    const from = index === -1 ? positions.length - 1 : index;
    const next = index === -1 && Math.abs(step) === 1 ? from : Math.min(positions.length - 1, Math.max(0, from + step));
    cursor.move(positions[next].position);
  });
}

const hint = "Newest right. Red: at the threshold or above. Point at a cell, or use the arrow keys.";

function read(positions, rows, index) {
  if (index === -1) return [hint];
  const { position, text } = positions[index];
  const values = rows.map(({ detector, scores, threshold }) => {
    const score = scores[index] ?? null;
    return element(
      "span",
      { class: reaches(score, threshold) ? "read over" : "read" },
      written(detector, true),
      ` ${score === null ? "not judged" : number(score)}`,
    );
  });
  return [token(text), ` at ${position}: `, ...values];
}

function spoken({ position, text }, rows, index) {
  const values = rows.map(
    ({ detector, scores }) => `${detector} ${scores[index] === null ? "not judged" : number(scores[index])}`,
  );
  return visibleText(`position ${position}, token "${text}": ${values.join(", ")}`, true);
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
