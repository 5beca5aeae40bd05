import { duration, element, number, words, written } from "./elements.js";

/** The buttons of the list, one an item. */
export function listItems(items, selected, open) {
  if (items.length === 0)
    return [element("li", { class: "empty" }, "Nothing here. Flagged generations appear by themselves.")];
  return items.map((item) => element("li", {}, itemButton(item, item.traceId === selected, open)));
}

function itemButton(item, current, open) {
  const score = item.score === null ? "detector failed" : `${number(item.score)} ≥ ${number(item.threshold)}`;
  return element(
    "button",
    {
      type: "button",
      class: "row",
      "aria-current": current ? "true" : undefined,
      "data-trace": item.traceId,
      onclick: () => open(item.traceId),
    },
    element(
      "span",
      { class: "row-head" },
      element("span", { class: `badge ${item.action}` }, words(item.action)),
      element("time", {}, duration(Date.now() - item.createdAt)),
    ),
    element("span", { class: "row-text" }, written(item.preview, true)),
    element(
      "span",
      { class: "row-foot" },
      written(item.detector, true),
      item.name === null ? undefined : " · ",
      item.name === null ? undefined : written(item.name, true),
      element("span", { class: "figure" }, score),
    ),
    item.claimedBy === null
      ? undefined
      : element("span", { class: "row-foot" }, "claimed by ", written(item.claimedBy, true)),
  );
}

/** The counts in the head of the page. */
export function statsList({ queue, decisions }) {
  const decided = Object.entries(decisions).map(([verdict, count]) => `${count} ${words(verdict)}`);
  const rows = [
    ["Waiting", String(queue.waiting), ""],
    ["Oldest", queue.waiting === 0 ? "–" : duration(queue.oldestWaitingMs), ""],
    ["Claimed", String(queue.claimed), `${queue.leasesExpired} leases ran out`],
    ["Decided", String(queue.decided), decided.join(", ")],
  ];
  return rows.map(([name, value, title]) =>
    element("div", { title }, element("dt", {}, name), element("dd", {}, value)),
  );
}
