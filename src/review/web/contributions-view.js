import { count, element, section, signed, token, written } from "./elements.js";

/** How much each token moved a probe's score: bars up push towards firing, bars down away from it. */
export function contributionsView({ contributions, positions }, cursor) {
  if (contributions.length === 0) return undefined;
  const ranked = contributions.toSorted((a, b) => reachOf(b) - reachOf(a));
  const figures = ranked.map((one) => figureOf(one, positions, cursor));
  const rest = figures.slice(FIGURES_SHOWN);
  return section(
    "What moved the probe",
    { class: "contributions" },
    ...figures.slice(0, FIGURES_SHOWN),
    rest.length === 0
      ? undefined
      : element(
          "details",
          { class: "more-taps" },
          element("summary", {}, count(rest.length, "tap that moved it less", "taps that moved it less")),
          ...rest,
        ),
  );
}

/** A probe may read ten taps: those that moved it most come first, the others are folded. */
const FIGURES_SHOWN = 3;
const reachOf = ({ values }) => values.reduce((sum, value) => sum + Math.abs(value ?? 0), 0);

function figureOf({ detector, tap, bias, values }, positions, cursor) {
  const largest = Math.max(1e-9, ...values.map((value) => Math.abs(value ?? 0)));
  const bars = values.map((value, index) =>
    element("span", {
      class: value === null ? "lever none" : value < 0 ? "lever down" : "lever up",
      "--size": (Math.abs(value ?? 0) / largest).toFixed(3),
      "data-index": String(index),
    }),
  );
  const levers = element("div", { class: "levers", "aria-hidden": "true" }, ...bars);
  const readout = element("p", { class: "readout", "aria-hidden": "true" });
  const at = (event) => positions[Number(event.target.dataset?.index ?? Number.NaN)]?.position;
  levers.addEventListener("pointerover", (event) => {
    const position = at(event);
    if (position !== undefined) cursor.point(position);
  });
  levers.addEventListener("click", (event) => {
    const position = at(event);
    if (position !== undefined) cursor.pin(position);
  });
  levers.addEventListener("pointerleave", () => cursor.leave());
  cursor.subscribe(({ position }) => {
    const index = positions.findIndex((one) => one.position === position);
    for (const bar of levers.querySelectorAll(".at")) bar.classList.remove("at");
    bars[index]?.classList.add("at");
    readout.replaceChildren(
      ...(index === -1
        ? [`Bias ${signed(bias)}. Point at a bar to read it.`]
        : [token(positions[index].text), ` at ${position}: ${signed(values[index] ?? null)}`]),
    );
  });
  return element(
    "div",
    { class: "figure-block" },
    element("h4", {}, element("strong", {}, written(detector, true)), " at ", element("code", {}, written(tap, true))),
    element("p", { class: "saying" }, ...sayingOf(values, positions)),
    levers,
    readout,
  );
}

function sayingOf(values, positions) {
  const ranked = values
    .map((value, index) => ({ value: value ?? 0, text: positions[index]?.text ?? "" }))
    .toSorted((a, b) => b.value - a.value);
  const list = (rows) =>
    rows.flatMap(({ value, text }, index) => [index === 0 ? "" : ", ", token(text), ` ${signed(value)}`]);
  const up = ranked.filter(({ value }) => value > 0).slice(0, 3);
  const down = ranked
    .filter(({ value }) => value < 0)
    .toReversed()
    .slice(0, 2);
  return [
    ...(up.length === 0 ? ["Nothing pushed it up"] : ["Pushed up by ", ...list(up)]),
    ...(down.length === 0 ? [] : ["; down by ", ...list(down)]),
    ".",
  ];
}
