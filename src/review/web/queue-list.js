import { age, count, element, number, words, written } from "./elements.js";
import { itemHash } from "./router.js";

/** What each row was drawn from. */
const signatures = new WeakMap();

/** Brings a list of rows up to date: rows that are the same stay, so that focus, hover and scroll stay, too. */
export function drawItems(list, items, selected) {
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const fresh = items.map((item) => {
    const signature = JSON.stringify([item, item.traceId === selected]);
    const known = old.get(item.traceId);
    if (known !== undefined && signatures.get(known) === signature) return known;
    const row = element("li", { "data-key": item.traceId }, itemRow(item, item.traceId === selected));
    signatures.set(row, signature);
    return row;
  });
  const focused = document.activeElement?.closest?.("#items li")?.dataset.key;
  if (fresh.length !== list.children.length || fresh.some((row, index) => list.children[index] !== row)) {
    list.replaceChildren(...fresh);
    if (focused !== undefined)
      list.querySelector(`[data-key="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
  }
}

/** Said in the place of rows. */
export function emptyRow(filtered, state) {
  const texts = {
    waiting: "Nothing waits. Flagged generations appear here by themselves.",
    claimed: "No one is at work on an item.",
    decided: "Nothing has been decided yet.",
    dead: "Nothing was given up.",
  };
  return element(
    "li",
    { class: "empty" },
    filtered ? "No item fits these filters." : (texts[state] ?? "Nothing here."),
  );
}

/** Grey rows until the first answer. */
export const skeletonRows = () =>
  Array.from({ length: 6 }, () =>
    element("li", { class: "skeleton-row", "aria-hidden": "true" }, element("span"), element("span"), element("span")),
  );

function itemRow(item, current) {
  return element(
    "a",
    {
      class: "row",
      href: itemHash(item.traceId),
      "aria-current": current ? "true" : undefined,
      "data-trace": item.traceId,
    },
    element("span", { class: "row-head" }, badgesOf(item), age(item.createdAt)),
    element(
      "span",
      { class: "row-text", dir: "auto" },
      item.preview === "" ? element("em", {}, "no text") : written(item.preview, true),
    ),
    element(
      "span",
      { class: "row-foot" },
      element(
        "span",
        { class: "row-what" },
        written(item.detector, true),
        item.name === null ? undefined : " · ",
        item.name === null ? undefined : element("strong", {}, written(item.name, true)),
      ),
      element("span", { class: "figure" }, scoreOf(item)),
    ),
    item.claimedBy === null
      ? undefined
      : element(
          "span",
          { class: "row-foot" },
          element("span", { class: "row-what" }, "with ", written(item.claimedBy, true)),
        ),
  );
}

function badgesOf(item) {
  return element(
    "span",
    { class: "badges" },
    element("span", { class: `badge ${item.action}` }, words(item.action)),
    item.stage === "first"
      ? undefined
      : element("span", { class: "badge stage" }, item.stage === "second" ? "second opinion" : "escalated"),
    item.count > 1
      ? element(
          "span",
          { class: "badge many", title: `Stands for ${count(item.count, "trace")}` },
          `× ${item.count.toLocaleString("en")}`,
        )
      : undefined,
  );
}

function scoreOf({ action, score, threshold }) {
  if (action === "blind") return "";
  if (score === null) return action === "sample" ? "" : "detector failed";
  return `${number(score)} ${threshold !== null && score < threshold ? "<" : "≥"} ${number(threshold)}`;
}
