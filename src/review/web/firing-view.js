import { element, number, words, written } from "./elements.js";
import { stripView } from "./heat-strip.js";
import { section } from "./trace-view.js";

/** Why the trace was flagged, one block a finding. */
export function firingsView(firings) {
  return firings.map((firing, index) =>
    firingView(firing, firings.length > 1 ? `Finding ${index + 1} of ${firings.length}` : "Why it was flagged"),
  );
}

function firingView(firing, title) {
  const rows = [
    ["Where", place(firing)],
    ["Token", firing.token === null ? "–" : element("code", {}, written(firing.token, true))],
    ["Rule", firing.rule === null ? "–" : written(firing.rule, true)],
  ];
  const cells = rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return section(
    title,
    element(
      "p",
      { class: "detector" },
      element("strong", {}, written(firing.detector, true)),
      " ",
      element("span", { class: `badge ${firing.action}` }, words(firing.action)),
    ),
    firing.error === null ? scoreView(firing) : element("p", { class: "broken" }, written(firing.error, true)),
    element("dl", { class: "where" }, ...cells),
    firing.names.length === 0
      ? undefined
      : barsView(
          "In mind",
          firing.names.map(({ name, share }) => [name, share]),
        ),
    ...firing.lens.map(({ tap, top }) =>
      barsView(
        `Lens at ${tap}`,
        top.map(({ text, probability }) => [text, probability]),
      ),
    ),
    stripView(firing),
  );
}

function place({ tap, position, phase }) {
  const where = phase === "both" ? "last prompt position" : phase === null ? "position" : `${phase}, position`;
  return element(
    "span",
    {},
    tap === null ? undefined : element("code", {}, written(tap, true)),
    `${tap === null ? "" : " · "}${where} ${position}`,
  );
}

/** Score against threshold, both on one line. */
function scoreView({ score, raw, threshold }) {
  return element(
    "p",
    { class: "score" },
    element("span", { class: "score-value" }, number(score)),
    element("span", { class: "score-note" }, `threshold ${number(threshold)} · this token alone ${number(raw)}`),
  );
}

function barsView(title, rows) {
  const bars = rows.map(([text, share]) => {
    const percent = `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
    return element(
      "li",
      {},
      element("span", { class: "bar-name", dir: "auto" }, written(text, true)),
      element(
        "span",
        { class: "bar", "aria-hidden": "true" },
        element("span", { "--share": String(Math.min(1, Math.max(0, share))) }),
      ),
      element("span", { class: "bar-value" }, percent),
    );
  });
  return element("div", { class: "bars" }, element("h4", {}, written(title, true)), element("ol", {}, ...bars));
}
