import { element, percent, written } from "./elements.js";

/** Named shares from 0 to 1 as bars, strongest first. */
export function barsView(title, rows) {
  const bars = rows.map(([text, share]) =>
    element(
      "li",
      {},
      element("span", { class: "bar-name", dir: "auto", title: null }, written(text, true)),
      element(
        "span",
        { class: "bar", "aria-hidden": "true" },
        element("span", { "--share": String(Math.min(1, Math.max(0, share))) }),
      ),
      element("span", { class: "bar-value" }, percent(share)),
    ),
  );
  return element("div", { class: "bars" }, element("h4", {}, written(title, true)), element("ol", {}, ...bars));
}

/** A score on its scale: from `low` to beyond the threshold, which has its own mark. */
export function gaugeView({ score, threshold, low }) {
  if (score === null || threshold === null) return undefined;
  const floor = Math.min(low ?? 0, score, threshold);
  const top = Math.max(score, threshold) + Math.max(0.15 * (Math.max(score, threshold) - floor), 0.01);
  const share = (value) => ((value - floor) / (top - floor)).toFixed(4);
  return element(
    "div",
    {
      class: score >= threshold ? "gauge over" : "gauge",
      "aria-hidden": "true",
      "--score": share(score),
      "--limit": share(threshold),
    },
    element("span", { class: "gauge-fill" }),
    element("span", { class: "gauge-limit" }),
  );
}

/** An interval this wide says next to nothing. */
const NEARLY_OPEN = 0.9;

/** An estimate with its interval on a scale from 0 to `most`. */
export function intervalView(estimate, missing, most = 1) {
  if (estimate === null || estimate === undefined) return element("span", { class: "hint" }, missing);
  const { point, lower, upper } = estimate;
  const at = (value) => Math.min(1, value / most).toFixed(4);
  const isOpen = most === 1 && upper - lower >= NEARLY_OPEN;
  return element(
    "span",
    { class: "interval" },
    // A number would be taken for one.
    element("span", { class: isOpen ? "interval-value open" : "interval-value" }, isOpen ? "open" : percent(point)),
    element(
      "span",
      {
        class: "interval-track",
        "aria-hidden": "true",
        "--lower": at(lower),
        "--upper": at(upper),
        "--point": at(point),
      },
      element("span", { class: "interval-range" }),
      element("span", { class: "interval-point" }),
    ),
    element("span", { class: "interval-ends" }, `${percent(lower)} to ${percent(upper)}`),
  );
}
