import { choices, element, percent, section, signed, token, written } from "./elements.js";
import { KIND_NAMES, kindOf } from "./taps.js";

const TOP = 6;

/** The top tokens of every layer at the firing token, by probability or by lift; later layers first, as in the picture. */
export function layerTable({ layers, pictures, positions, firing }, cursor) {
  if (layers.length === 0) return undefined;
  const live = new Set(pictures.flatMap(({ liveTaps }) => liveTaps));
  const kinds = [...new Set(layers.map(({ tap }) => kindOf(tap)))];
  const liveKinds = [...new Set([...live].map(kindOf))].filter((kind) => kinds.includes(kind));
  const state = { kind: liveKinds[0] ?? kinds.at(-1), by: "byProbability" };
  const frame = element("div", {
    class: "scroll",
    role: "region",
    tabindex: "0",
    "aria-label": "Top tokens per layer",
  });
  const draw = () => {
    const shown = layers.filter(({ tap }) => kindOf(tap) === state.kind).toReversed();
    frame.replaceChildren(tableOf(shown, state.by, live));
    markRow();
  };
  const markRow = () => {
    for (const row of frame.querySelectorAll("tr.at")) row.classList.remove("at");
    const { tap } = cursor.at;
    if (tap !== null) frame.querySelector(`tr[data-tap="${CSS.escape(tap)}"]`)?.classList.add("at");
  };
  draw();
  frame.addEventListener("pointerover", (event) => {
    const tap = event.target.closest("tr[data-tap]")?.dataset.tap;
    if (tap !== undefined) cursor.point(firing.position, tap);
  });
  frame.addEventListener("pointerleave", () => cursor.leave());
  cursor.subscribe(markRow);
  const set = (changes) => {
    Object.assign(state, changes);
    draw();
  };
  const extra = controlsOf({ layers, kinds }, state, set);
  const at = positions.find(({ position }) => position === firing.position);
  return section(
    "Top tokens per layer",
    { class: "layers", extra },
    element("p", { class: "saying" }, "What each layer leans to say after ", token(at?.text ?? ""), "."),
    frame,
  );
}

function controlsOf({ layers, kinds }, state, set) {
  const orders = [
    ["byProbability", "probability"],
    ["byLift", "lift"],
  ];
  const hasLift = layers.some(({ byLift }) => byLift !== null);
  return element(
    "div",
    { class: "controls" },
    kinds.length < 2
      ? undefined
      : choices(
          "Sublayers of the table",
          kinds.map((kind) => [kind, KIND_NAMES[kind] ?? kind]),
          { value: state.kind, choose: (kind) => set({ kind }) },
        ),
    hasLift ? choices("Order", orders, { value: state.by, choose: (by) => set({ by }) }) : undefined,
  );
}

function tableOf(layers, by, live) {
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Layer"),
    ...Array.from({ length: TOP }, (_, index) => element("th", { scope: "col" }, String(index + 1))),
  );
  const rows = layers.map((layer) => {
    const cells = (layer[by] ?? []).slice(0, TOP).map((one) => cellOf(one, by));
    if (cells.length === 0) cells.push(element("td", { colspan: String(TOP), class: "hint" }, "not measured"));
    return element(
      "tr",
      { "data-tap": layer.tap, class: live.has(layer.tap) ? "live" : undefined },
      element(
        "th",
        { scope: "row" },
        written(layer.tap.split(".")[0], true),
        live.has(layer.tap) ? element("span", { class: "live-mark" }, "live") : undefined,
      ),
      ...cells,
    );
  });
  return element("table", { class: "layer-table" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

/** Lift is in nats: how far a token's logit lies above its mean on ordinary text. */
function cellOf({ text, probability, lift, percentile }, by) {
  const byLift = by === "byLift";
  const title = byLift ? `above ${percentile.toFixed(1)} % of ordinary text` : undefined;
  const share = byLift ? Math.min(1, Math.max(0, lift / 12)) : probability;
  return element(
    "td",
    { "--share": share.toFixed(3), title },
    token(text),
    " ",
    element("span", { class: "cell-value" }, byLift ? signed(lift) : percent(probability)),
  );
}
