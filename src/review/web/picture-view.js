import { choices, element, section } from "./elements.js";
import { cellAt, drawMark, drawPicture, layOut } from "./picture-canvas.js";
import { legendOf, readoutOf, sayingOf, textOf } from "./picture-words.js";
import { KIND_NAMES, kindOf } from "./taps.js";
import { visibleText } from "./visible-text.js";

const NEAR = { before: 16, after: 8 };
const KINDS = [...Object.entries(KIND_NAMES), ["all", "all"]];

/** The sublayer that was read live; every one when they differ. */
export function startKind({ liveTaps }) {
  const kinds = new Set(liveTaps.map(kindOf));
  return kinds.size === 1 ? [...kinds][0] : "all";
}

/** Rows of a sublayer of which anything was read: a probe's picture has its own taps alone. */
export const rowsOf = (taps, { values }, kind = "all") =>
  taps
    .map((tap, index) => ({ tap, index }))
    .filter(({ tap }) => kind === "all" || kindOf(tap) === kind)
    .filter(({ index }) => (values[index] ?? []).some((value) => value !== null));

/** The range of the colours: the lowest and highest value, and the threshold. The lowest twentieth shares one colour. */
export function scaleOf({ values, threshold }) {
  const known = values
    .flat()
    .filter((value) => value !== null)
    .toSorted((a, b) => a - b);
  const low = known[Math.floor(known.length / 20)] ?? 0;
  return { low, top: known.at(-1) ?? 1, threshold };
}

/** The layer × token picture of one enrichment: a canvas with pointer, pin and keys, and what it says in words. */
export function pictureView(enrichment, cursor) {
  const { pictures, positions } = enrichment;
  if (pictures.length === 0 || positions.length === 0) return undefined;
  const state = { picture: pictures[0], kind: startKind(pictures[0]), near: innerWidth < 760, layout: undefined };
  const parts = buildParts(enrichment);
  const draw = () => {
    const width = parts.frame.clientWidth;
    if (width === 0) return;
    state.layout = layoutOf(enrichment, state, width);
    state.scale = scaleOf(state.picture);
    parts.frame.style.setProperty("--picture-height", `${state.layout.height}px`);
    drawPicture(parts.base, state.layout, { ...enrichment, ...state });
    mark();
    parts.saying.replaceChildren(...sayingOf(enrichment, state.picture));
    parts.scale.replaceChildren(...legendOf(state.picture, state.scale));
  };
  const mark = () => drawMark(parts.over, state.layout, markOf(state, enrichment, cursor.at));
  cursor.subscribe(() => {
    if (state.layout !== undefined) mark();
    parts.frame.setAttribute("aria-valuetext", visibleText(textOf(enrichment, state.picture, cursor.at), true));
    parts.frame.setAttribute("aria-valuenow", String(cursor.at.position ?? enrichment.firing.position));
    parts.readout.replaceChildren(...readoutOf(enrichment, state, cursor));
  });
  listen(parts.frame, { state, enrichment, cursor });
  redrawWhenNeeded(parts.frame, draw);
  const extra = element("div", { class: "controls" });
  const set = (changes) => {
    Object.assign(state, changes);
    if (changes.picture !== undefined) {
      state.kind = startKind(changes.picture);
      extra.replaceChildren(...controlsOf(enrichment, state, set));
      extra.querySelector("[aria-pressed=true]")?.focus();
    }
    draw();
    cursor.move(cursor.at.position, cursor.at.tap);
  };
  extra.replaceChildren(...controlsOf(enrichment, state, set));
  return section(
    "Layers × tokens, read again",
    { class: "picture", id: "picture", extra },
    parts.saying,
    parts.frame,
    parts.readout,
    parts.scale,
  );
}

function layoutOf(enrichment, { picture, kind, near }, width) {
  const rows = rowsOf(enrichment.taps, picture, kind).map(({ index }) => index);
  return layOut({ taps: rows.toReversed(), columns: columnsOf(enrichment, near), width, mixed: kind === "all" });
}

/** When the width changes, and when light turns to dark. */
function redrawWhenNeeded(frame, draw) {
  const drawn = { width: 0 };
  new ResizeObserver(() => {
    if (frame.clientWidth === drawn.width) return;
    drawn.width = frame.clientWidth;
    draw();
  }).observe(frame);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  const change = () => {
    if (frame.isConnected) draw();
    else theme.removeEventListener("change", change);
  };
  theme.addEventListener("change", change);
}

function buildParts({ positions }) {
  const base = element("canvas", { class: "picture-base", "aria-hidden": "true" });
  const over = element("canvas", { class: "picture-over", "aria-hidden": "true" });
  const frame = element(
    "div",
    {
      class: "picture-frame",
      role: "slider",
      tabindex: "0",
      "aria-label": "Layer by token picture: arrow keys move, Enter pins",
      "aria-valuemin": String(positions[0].position),
      "aria-valuemax": String(positions.at(-1).position),
    },
    base,
    over,
  );
  return {
    base,
    over,
    frame,
    saying: element("p", { class: "saying" }),
    readout: element("p", { class: "readout tall" }),
    scale: element("p", { class: "legend" }),
  };
}

function controlsOf({ pictures, taps }, state, set) {
  const present = new Set(rowsOf(taps, state.picture).map(({ tap }) => kindOf(tap)));
  const kinds = KINDS.filter(([kind]) => kind === "all" || present.has(kind));
  return [
    pictures.length < 2
      ? undefined
      : choices(
          "Detector",
          pictures.map((picture, index) => [index, visibleText(picture.detector, true)]),
          { value: pictures.indexOf(state.picture), choose: (index) => set({ picture: pictures[index] }) },
        ),
    present.size < 2 ? undefined : choices("Sublayers", kinds, { value: state.kind, choose: (kind) => set({ kind }) }),
    choices(
      "Tokens",
      [
        [true, "near"],
        [false, "all tokens"],
      ],
      { value: state.near, choose: (near) => set({ near }) },
    ),
  ].filter((group) => group !== undefined);
}

function columnsOf({ positions, firing }, near) {
  const fired = positions.findIndex(({ position }) => position === firing.position);
  const all = positions.map((_, index) => index);
  if (!near) return all;
  return all.filter((index) => index > fired - NEAR.before && index <= fired + NEAR.after);
}

function markOf({ layout }, { positions, taps }, { position, tap, pinned }) {
  if (position === null) return undefined;
  const column = layout.columns.findIndex((index) => positions[index].position === position);
  const row = tap === null ? -1 : layout.taps.findIndex((index) => taps[index] === tap);
  return column === -1 && row === -1 ? undefined : { column, row, pinned };
}

function listen(frame, { state, enrichment, cursor }) {
  const { positions, taps } = enrichment;
  const at = ({ offsetX, offsetY }) => {
    const cell = state.layout === undefined ? undefined : cellAt(state.layout, offsetX, offsetY);
    return (
      cell && {
        position: positions[state.layout.columns[cell.column]].position,
        tap: taps[state.layout.taps[cell.row]],
      }
    );
  };
  frame.addEventListener("pointermove", (event) => {
    const cell = at(event);
    if (cell === undefined) cursor.leave();
    else cursor.point(cell.position, cell.tap);
  });
  frame.addEventListener("pointerleave", () => cursor.leave());
  frame.addEventListener("click", (event) => {
    const cell = at(event);
    if (cell !== undefined) cursor.pin(cell.position, cell.tap);
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") cursor.pin(cursor.at.position, cursor.at.tap);
    else if (steps[event.key] === undefined) return;
    else step(steps[event.key], { state, enrichment, cursor });
    event.preventDefault();
  });
}

/** From the marked cell to its neighbour; from nowhere to the firing at the first live tap. */
function step([right, down], { state, enrichment, cursor }) {
  const { positions, taps, firing } = enrichment;
  const { layout, picture } = state;
  const place = (list, index, by) => list[Math.min(list.length - 1, Math.max(0, index + by))];
  const known = cursor.at.tap !== null && cursor.at.position !== null;
  const position = known ? cursor.at.position : firing.position;
  const tap = known ? cursor.at.tap : (picture.liveTaps[0] ?? taps.at(-1));
  const column = layout.columns.findIndex((index) => positions[index].position === position);
  const row = layout.taps.findIndex((index) => taps[index] === tap);
  cursor.move(
    positions[place(layout.columns, column, known ? right : 0)].position,
    taps[place(layout.taps, row, known ? down : 0)],
  );
}
