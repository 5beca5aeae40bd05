import { age, element, number, section, signed, written } from "./elements.js";
import { contributionsView } from "./contributions-view.js";
import { reaches } from "./heat.js";
import { layerTable } from "./layer-table.js";
import { pictureView } from "./picture-view.js";

/** Everything the re-read made: picture, tables, probes, live against re-read, what would have come next. */
export function enrichmentViews(enrichment, cursor) {
  return [
    pictureView(enrichment, cursor),
    layerTable(enrichment, cursor),
    contributionsView(enrichment, cursor),
    rereadView(enrichment),
    continuationView(enrichment.continuation),
  ].filter((view) => view !== undefined);
}

/** In the place of the evidence while there is none. `waiting`: it may still come. */
export function missingView(enrichment, waiting) {
  if (enrichment !== null && enrichment !== undefined)
    return section(
      "Layers × tokens",
      { class: "picture missing" },
      element("p", { class: "broken" }, "This trace could not be read again: ", written(enrichment.failed, true)),
    );
  return section(
    "Layers × tokens",
    { class: "picture missing", "aria-busy": String(waiting) },
    element(
      "p",
      { class: "hint" },
      waiting
        ? "The trace is being read again with every layer on. The picture appears here by itself; the live scores above are the truth either way."
        : "This trace has not been read again yet.",
    ),
    element("div", { class: waiting ? "skeleton-picture busy" : "skeleton-picture", "aria-hidden": "true" }),
  );
}

/** Whether some detector fired live and not in the re-read. */
export const notReproduced = (enrichment) => (enrichment?.reread ?? []).some(({ reproduced }) => reproduced === false);

function rereadView({ reread, madeAt, tookMs }) {
  if (reread.length === 0) return undefined;
  const head = ["Detector", "Live", "Re-read", "Difference", "Threshold", ""].map((name) =>
    element("th", { scope: "col" }, name),
  );
  const rows = reread.map(({ detector, live, score, difference, threshold, reproduced }) =>
    element(
      "tr",
      { class: reproduced === false ? "broken-row" : undefined },
      element("th", { scope: "row" }, written(detector, true)),
      element("td", {}, number(live)),
      element("td", {}, number(score)),
      element("td", {}, signed(difference)),
      element("td", {}, number(threshold)),
      element("td", {}, outcome({ reproduced, live, threshold })),
    ),
  );
  return section(
    "Live against re-read",
    { class: "reread" },
    notReproduced({ reread })
      ? element(
          "p",
          { class: "warning" },
          "What fired live did not fire when the trace was read again. The live score is the truth; treat the pictures with care.",
        )
      : undefined,
    element(
      "div",
      { class: "scroll", role: "region", tabindex: "0", "aria-label": "Live scores against the re-read" },
      element(
        "table",
        { class: "figures-table" },
        element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...rows),
      ),
    ),
    element("p", { class: "hint" }, "Read ", age(madeAt), ` ago, in ${(tookMs / 1_000).toFixed(1)} s.`),
  );
}

function outcome({ reproduced, live, threshold }) {
  // What a policy only observes fires without being flagged.
  if (reproduced === null)
    return element("span", { class: "hint" }, reaches(live, threshold) ? "fired, not flagged" : "not fired live");
  return reproduced ? "reproduced" : element("span", { class: "badge abort" }, "not reproduced");
}

function continuationView(continuation) {
  if (continuation === null || continuation === undefined) return undefined;
  return element(
    "details",
    { class: "panel continuation" },
    element("summary", {}, `Never said: what the model would have written next (${continuation.tokens} tokens)`),
    element("p", { class: "warning" }, "Made for this review only. It was not part of the reply and reached no one."),
    element("p", { class: "text continued", dir: "auto" }, written(continuation.text)),
  );
}
