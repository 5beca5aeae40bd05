import { getRequest } from "./api.js";
import { deleteButton } from "./deletion.js";
import { element, moment, number, words, written } from "./elements.js";
import { notify } from "./notices.js";
import { pageFrame } from "./page-frame.js";
import { formatHash, itemHash } from "./router.js";

/** What became of a request, by its id or that of its trace. An empty `id`: nothing is looked for yet. */
export function findPage(id, session) {
  const field = element("input", {
    id: "find-id",
    name: "id",
    type: "search",
    value: id,
    maxlength: "256",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
  });
  const form = element(
    "form",
    { class: "find-form", role: "search" },
    element("label", { for: "find-id" }, "Find a request by its id"),
    element("div", { class: "find-field" }, field, element("button", { type: "submit", class: "primary" }, "Find")),
  );
  const saying = "The x-request-id of any request, flagged or not, or the id of a trace (tr_…).";
  const page = pageFrame({ title: "Find", saying, tools: form }, async (signal) => {
    if (id === "") return [];
    const found = await getRequest(id, signal);
    if (found.runs.length === 0) return [element("p", { class: "placeholder nothing" }, found.message)];
    return [tableView(found, { session, page }), ...moreView(found)];
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const hash = formatHash("find", field.value.trim().toWellFormed());
    if (hash === location.hash) void page.draw();
    else location.hash = hash;
  });
  return { ...page, draw: () => (id === "" && field.focus({ preventScroll: true }), page.draw()) };
}

const moreView = ({ more, runs }) =>
  more ? [element("p", { class: "hint" }, `The newest ${runs.length} are shown; more were sent under this id.`)] : [];

function tableView({ runs, gateway }, parts) {
  const head = COLUMNS.map(([name]) => element("th", { scope: "col" }, name));
  const rows = runs.map((run) =>
    element(
      "tr",
      { "data-trace": run.traceId ?? "" },
      ...COLUMNS.map(([name, view]) =>
        element("td", { "data-name": name }, ...[view(run, { ...parts, gateway })].flat()),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": "Runs" },
    element(
      "table",
      { class: "figures-table runs" },
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}

const lines = (...parts) =>
  parts.filter((part) => part !== undefined).map((part) => element("div", {}, ...[part].flat()));
const hint = (...children) => element("span", { class: "hint" }, ...children);
const unknown = () => hint("not known");

const COLUMNS = [
  ["When", ({ endedAt, startedAt }) => ((endedAt ?? startedAt) === null ? unknown() : moment(endedAt ?? startedAt))],
  ["Request", requestView],
  ["Ran", ({ model, policy }) => lines(named(model), policy === null ? undefined : [hint("policy "), named(policy)])],
  ["Ended", endView],
  ["Tokens", tokensView],
  ["Detectors", detectorsView],
  ["Review", reviewView],
];

const named = (text) => (text === null ? unknown() : written(text, true));

function requestView({ requestId, traceId, gateway }, { gateway: here }) {
  return lines(
    requestId === null ? undefined : element("code", { class: "id" }, written(requestId, true)),
    traceId === null ? undefined : element("code", { class: "id hint" }, written(traceId, true)),
    gateway === null || gateway === here ? undefined : hint("gateway ", written(gateway, true)),
  );
}

function endView({ hidden, ending, action, flagged }) {
  if (hidden) return hint("Hidden until you have given a verdict: the item is blind.");
  return lines(
    ending === null ? unknown() : words(ending),
    action === null ? undefined : [hint("action "), words(action)],
    flagged === null ? undefined : hint(flagged ? "flagged" : "not flagged"),
  );
}

function tokensView({ tokens }) {
  const parts = ["prompt", "generated", "released"].filter((name) => tokens[name] !== null);
  return lines(...parts.map((name) => [tokens[name].toLocaleString("en"), hint(` ${name}`)]));
}

function detectorsView({ detectors }) {
  return lines(
    ...detectors.map(({ detector, verdict, score, action }) => [
      element("span", {}, written(detector, true)),
      " ",
      element("span", { class: "figure" }, score === null ? "" : number(score)),
      hint(` ${words(verdict)}`, action === null ? "" : `, ${words(action)}`),
    ]),
  );
}

function reviewView(run, { session, page }) {
  const { traceId, item, record } = run;
  const target = record === "kept" ? traceId : item?.traceId;
  const audit = () => element("a", { href: formatHash("audit", "", { trace: traceId }) }, "audit trail");
  const mayDelete = session.role === "lead" && traceId !== null && (record === "kept" || item !== null);
  return lines(
    item === null ? undefined : element("a", { href: itemHash(target) }, `item, ${words(item.state)}`),
    item === null || item.verdict === null || item.joined === "flood" ? undefined : hint(verdictOf(item)),
    item?.joined === "flood" ? hint("not judged: joined an item with other texts") : undefined,
    item === null && record === "kept" ? element("a", { href: itemHash(traceId) }, "trace, not queued") : undefined,
    RECORDS[record] === undefined ? undefined : hint(RECORDS[record]),
    record === "deleted" ? audit() : undefined,
    mayDelete ? deleteButton(traceId, () => deleted(traceId, page)) : undefined,
  );
}

function verdictOf({ joined, verdict }) {
  return joined === "alike" ? `${words(verdict)}, given on the item that it joined` : words(verdict);
}

const RECORDS = {
  deleted: "trace deleted",
  elsewhere: "trace at its gateway, if it is kept there",
  none: "no trace kept",
};

function deleted(traceId, page) {
  notify(`Deleted: ${traceId}.`);
  void page.draw();
}
