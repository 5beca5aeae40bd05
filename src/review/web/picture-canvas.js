import { KIND_NAMES, kindOf } from "./taps.js";
import { visibleText } from "./visible-text.js";

const LEFT = 42;
const NAMED_LEFT = 108;
const FEW = 16;
const RIGHT = 6;
const TOP = 6;
const LABELS = 74;
/** Columns narrower than this have no room for their token. */
const READABLE = 9.5;

/** Where rows and columns lie. Later layers are higher up. `taps` and `columns` are indexes into the picture. */
export function layOut({ taps, columns, width, mixed = false }) {
  // Few rows of several sublayers say which one they are of.
  const isNamed = mixed && taps.length <= FEW;
  const left = isNamed ? NAMED_LEFT : LEFT;
  const cell = {
    width: (width - left - RIGHT) / Math.max(1, columns.length),
    height: taps.length > 64 ? 4 : taps.length > 34 ? 6 : taps.length > FEW ? 9 : 14,
  };
  const labels = cell.width >= READABLE ? LABELS : 8;
  const height = TOP + taps.length * cell.height + labels;
  return { taps, columns, cell, left, top: TOP, width, labels, height, isNamed };
}

/** The cell under a point, undefined beside the picture. */
export function cellAt(layout, x, y) {
  const column = Math.floor((x - layout.left) / layout.cell.width);
  const row = Math.floor((y - layout.top) / layout.cell.height);
  if (column < 0 || row < 0 || column >= layout.columns.length || row >= layout.taps.length) return undefined;
  return { column, row };
}

/** Gives a canvas its size in device pixels and hands out its context, cleared, in CSS pixels. */
function fresh(canvas, { width, height }) {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function coloursOf(canvas) {
  const style = getComputedStyle(canvas);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    heat: read("--heat-colour"),
    over: read("--over-colour"),
    text: read("--text"),
    muted: read("--muted"),
    line: read("--line"),
    red: read("--red"),
    accent: read("--accent"),
  };
}

/** Blue below the threshold, red from it on; stronger is further from either end. */
export function colourOf(value, scale, colours) {
  const { low, threshold, top } = scale;
  if (threshold !== null && value >= threshold) {
    const share = top > threshold ? (value - threshold) / (top - threshold) : 1;
    return `rgb(${colours.over} / ${(0.5 + 0.5 * share).toFixed(3)})`;
  }
  const high = threshold ?? top;
  const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
  return `rgb(${colours.heat} / ${(0.05 + 0.6 * share * share).toFixed(3)})`;
}

/** Draws cells, layer numbers, live taps, tokens, and the lines of the firing and of the cut. */
export function drawPicture(canvas, layout, { picture, scale, positions, taps, firing }) {
  const context = fresh(canvas, layout);
  const colours = coloursOf(canvas);
  const { cell, left, top } = layout;
  const gap = cell.width > 5 && cell.height > 5 ? 1 : 0;
  for (const [row, tap] of layout.taps.entries()) {
    for (const [column, index] of layout.columns.entries()) {
      const value = picture.values[tap]?.[index] ?? null;
      context.fillStyle = value === null ? colours.line : colourOf(value, scale, colours);
      const x = left + column * cell.width;
      const y = top + row * cell.height;
      if (value === null) context.fillRect(x + cell.width / 2 - 1, y + cell.height / 2, 2, 1);
      else context.fillRect(x, y, cell.width - gap, cell.height - gap);
    }
  }
  drawLayers(context, layout, { taps, picture, colours });
  drawTokens(context, layout, { positions, firing, colours });
}

function drawLayers(context, layout, { taps, picture, colours }) {
  const { cell, left, top, isNamed } = layout;
  const live = new Set(picture.liveTaps);
  context.textAlign = "right";
  context.textBaseline = "middle";
  const drawn = { y: Number.NEGATIVE_INFINITY };
  // The taps read live first: their numbers must not give way to others.
  const order = layout.taps.map((tap, row) => ({ name: taps[tap], row }));
  const spots = [];
  for (const { name, row } of order.toSorted((a, b) => Number(live.has(b.name)) - Number(live.has(a.name)))) {
    const y = top + (row + 0.5) * cell.height;
    const isLive = live.has(name);
    if (isLive) {
      context.fillStyle = colours.accent;
      context.beginPath();
      context.moveTo(left - 8, y - 4);
      context.lineTo(left - 2, y);
      context.lineTo(left - 8, y + 4);
      context.fill();
    }
    const layer = Number.parseInt(name, 10);
    if (!(isLive || isNamed || layer % 5 === 0) || spots.some((spot) => Math.abs(spot - y) < 12)) continue;
    spots.push(y);
    drawn.y = y;
    context.fillStyle = isLive ? colours.accent : colours.muted;
    context.font = `${isLive ? "600 " : ""}11px system-ui, sans-serif`;
    const text = isNamed ? `${layer} ${KIND_NAMES[kindOf(name)] ?? ""}` : String(layer);
    context.fillText(Number.isNaN(layer) ? "·" : text, left - 12, y);
  }
}

function drawTokens(context, layout, { positions, firing, colours }) {
  const { cell, left, top, columns, taps } = layout;
  const foot = top + taps.length * cell.height;
  const line = (column, colour, dash) => {
    const x = Math.round(left + column * cell.width) - 0.5;
    context.strokeStyle = colour;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, top - 4);
    context.lineTo(x, foot + 6);
    context.stroke();
    context.setLineDash([]);
  };
  for (const [column, index] of columns.entries()) {
    const one = positions[index];
    const before = column === 0 ? one : positions[columns[column - 1]];
    if (before.released === null && one.released !== null) line(column, colours.muted, [2, 2]);
    if (before.released === true && one.released === false) line(column, colours.red, []);
    if (cell.width < READABLE) continue;
    const fired = one.position === firing.position;
    context.save();
    context.translate(left + (column + 0.5) * cell.width, foot + 6);
    context.rotate(-Math.PI / 2);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.font = `${fired ? "700 " : ""}10.5px ui-monospace, "DejaVu Sans Mono", monospace`;
    context.fillStyle = fired ? colours.red : one.released === null ? colours.muted : colours.text;
    context.fillText(shortToken(one.text), 0, 0);
    context.restore();
  }
  const fired = columns.findIndex((index) => positions[index].position === firing.position);
  if (fired !== -1) {
    context.fillStyle = colours.red;
    context.fillRect(left + fired * cell.width, foot + 1, Math.max(2, cell.width - 1), 3);
  }
}

function shortToken(text) {
  const shown = visibleText(text === "" ? "…" : text, true);
  return shown.length > 10 ? `${[...shown].slice(0, 9).join("")}…` : shown;
}

/** Marks one cell; a pinned one more strongly. */
export function drawMark(canvas, layout, mark) {
  const context = fresh(canvas, layout);
  if (mark === undefined) return;
  const colours = coloursOf(canvas);
  const { cell, left, top, taps, columns } = layout;
  context.fillStyle = `rgb(${colours.heat} / 0.14)`;
  if (mark.column !== -1) context.fillRect(left + mark.column * cell.width, top, cell.width, taps.length * cell.height);
  if (mark.row !== -1) context.fillRect(left, top + mark.row * cell.height, columns.length * cell.width, cell.height);
  if (mark.column === -1 || mark.row === -1) return;
  context.strokeStyle = colours.text;
  context.lineWidth = mark.pinned ? 2.5 : 1.5;
  context.strokeRect(
    left + mark.column * cell.width - 1,
    top + mark.row * cell.height - 1,
    cell.width + 1,
    cell.height + 1,
  );
}
