import { getAudit } from "./api.js";
import { element, moment, words, written } from "./elements.js";
import { attempt } from "./notices.js";
import { pageFrame } from "./page-frame.js";
import { formatHash, itemHash } from "./router.js";

const PAGE = 100;
const ALONE = "Redis does not answer: these are the entries of this gateway alone.";

/** Who did what, newest first, and whether the chain of entries holds. `trace`: only about one trace. */
export function auditPage({ trace }) {
  const traceId = /^tr_[0-9a-f]{32}$/.test(trace ?? "") ? trace : undefined;
  const tools =
    traceId === undefined
      ? undefined
      : element("a", { href: formatHash("audit"), class: "button-link" }, "All entries");
  const saying =
    traceId === undefined
      ? "Who did what. Entries are only added; each holds a hash over the one before."
      : element("span", {}, "Only ", element("code", {}, traceId), ".");
  return pageFrame({ title: "Audit trail", saying, tools }, async (signal) => {
    const { entries, intact, older: before, gateway, isPartial } = await getAudit({ traceId, limit: PAGE }, signal);
    const view = (entry) => rowView(entry, gateway);
    const rows = element("tbody", {}, ...entries.map(view));
    const more = element("button", { type: "button", class: "quiet", hidden: before === null }, "Show older");
    const state = { before };
    more.addEventListener(
      "click",
      () =>
        void attempt(async () => {
          const older = await getAudit({ traceId, limit: PAGE, before: state.before });
          rows.append(...older.entries.map(view));
          state.before = older.older;
          more.hidden = older.older === null;
        }),
    );
    return [
      chainView(intact, gateway),
      isPartial ? element("p", { class: "hint", role: "status" }, ALONE) : undefined,
      entries.length === 0 ? element("p", { class: "placeholder" }, "No entries yet.") : tableView(rows, gateway),
      more,
    ];
  });
}

/** The chain of the gateway that answers: every other one looks at its own. */
function chainView(intact, gateway) {
  if (intact)
    return element(
      "p",
      { class: "chain" },
      element("span", { class: "dot good", "aria-hidden": "true" }),
      `The chain${gateway === undefined ? "" : " of this gateway"} is whole: no entry was changed or taken out.`,
    );
  return element(
    "p",
    { class: "chain broken-chain", role: "alert" },
    "The chain is broken: an entry was changed or taken out. Keep the state folder as it is and find out who had access to it.",
  );
}

function tableView(rows, gateway) {
  const names = ["When", "Who", "What", ...(gateway === undefined ? [] : ["Gateway"]), "Trace", "Details"];
  const head = names.map((name) => element("th", { scope: "col" }, name));
  return element(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": "Audit entries" },
    element("table", { class: "figures-table audit" }, element("thead", {}, element("tr", {}, ...head)), rows),
  );
}

function rowView({ sequence, at, actor, event, traceId, detail, gateway }, here) {
  const pairs = Object.entries(detail ?? {}).map(([name, value]) =>
    element(
      "span",
      { class: "pair" },
      element("span", { class: "pair-name" }, written(words(name), true)),
      " ",
      written(String(value), true),
    ),
  );
  return element(
    "tr",
    { "data-sequence": String(sequence) },
    element("td", { class: "when" }, moment(at)),
    element("td", {}, written(actor, true)),
    element("td", {}, element("strong", {}, written(words(event), true))),
    here === undefined
      ? undefined
      : element(
          "td",
          {},
          gateway === here ? "this one" : element("code", { title: gateway }, `${gateway.slice(0, 6)}…`),
        ),
    element(
      "td",
      {},
      traceId === null
        ? ""
        : element(
            "a",
            { href: itemHash(traceId), title: traceId },
            element("code", {}, `${traceId.slice(0, 7)}…${traceId.slice(-4)}`),
          ),
    ),
    element("td", { class: "pairs" }, ...pairs),
  );
}
