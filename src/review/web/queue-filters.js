import { element } from "./elements.js";
import { visibleText } from "./visible-text.js";

/** What a list may be narrowed by, with what each choice says. `detector` and `model` come with the items. */
const FIXED = {
  action: [
    "Severity",
    [
      ["abort", "abort"],
      ["would_abort", "would abort"],
      ["unavailable", "unavailable"],
      ["flag", "flag"],
      ["sample", "sample"],
      ["blind", "blind"],
    ],
  ],
  stage: [
    "Stage",
    [
      ["first", "first opinion"],
      ["second", "second opinion"],
      ["escalated", "escalated"],
    ],
  ],
  minAgeMinutes: [
    "Waiting for",
    [
      ["15", "15 min or more"],
      ["60", "1 h or more"],
      ["1440", "1 d or more"],
    ],
  ],
};
const ORDER = ["detector", "action", "minAgeMinutes", "model", "stage"];
/** So many stand open, the others behind a fold. */
const OPEN = 2;
const LABELS = { detector: "Detector", model: "Model" };

/** What each select was filled from. */
const signatures = new WeakMap();

/** Only the known filters of a query of the address. */
export function filterOf(query) {
  const state = ["waiting", "claimed", "decided", "dead"].includes(query.state) ? query.state : "waiting";
  return { state, ...Object.fromEntries(ORDER.filter((name) => query[name]).map((name) => [name, query[name]])) };
}

export const isFiltered = (filter) => ORDER.some((name) => filter[name] !== undefined);

/** The selects. `known`: `{detectors, models}`; `change(name, value)` is told. */
export function createFilters(frame, change) {
  const selects = new Map();
  const folded = element("div", { class: "filter-grid" });
  const fold = element("details", { class: "more-filters" }, element("summary", {}, "More filters"), folded);
  const open = element("div", { class: "filter-grid" });
  frame.append(open, fold);
  for (const [index, name] of ORDER.entries()) {
    const select = element("select", {
      name,
      onchange: () => change(name, select.value === "" ? undefined : select.value),
    });
    selects.set(name, select);
    const label = FIXED[name]?.[0] ?? LABELS[name];
    (index < OPEN ? open : folded).append(element("label", {}, element("span", {}, label), select));
  }
  return {
    draw(filter, known) {
      for (const [name, select] of selects) {
        const listed = name === "detector" ? known.detectors : name === "model" ? known.models : undefined;
        const options = listed === undefined ? FIXED[name][1] : listed.map((one) => [one, visibleText(one, true)]);
        fill(select, options, filter[name]);
      }
      if (ORDER.slice(OPEN).some((name) => filter[name] !== undefined)) fold.open = true;
    },
  };
}

function fill(select, options, value) {
  const all =
    value === undefined || options.some(([name]) => name === value)
      ? options
      : [...options, [value, visibleText(value, true)]];
  const signature = JSON.stringify(all);
  if (signatures.get(select) !== signature) {
    select.replaceChildren(
      element("option", { value: "" }, "any"),
      ...all.map(([name, text]) => element("option", { value: name }, text)),
    );
    signatures.set(select, signature);
  }
  select.value = value ?? "";
  select.classList.toggle("set", value !== undefined);
}
