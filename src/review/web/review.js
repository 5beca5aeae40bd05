import { getItem, getItems, getStats, postClaim, postDecision, postHeartbeat, postRelease } from "./api.js";
import { element, words, written } from "./elements.js";
import { firingsView } from "./firing-view.js";
import { listItems, statsList } from "./queue-list.js";
import { conversationView, factsView, replyView } from "./trace-view.js";
import { historyView, VERDICTS, verdictForm } from "./verdict-form.js";

const PAGE = 50;
const REFRESH_MS = 10_000;
const HEARTBEAT_MS = 60_000;
const NAME_KEY = "lensgate.reviewer";

const find = (id) => document.getElementById(id);
const state = { list: "waiting", limit: PAGE, items: [], selected: undefined, detail: undefined, claim: undefined };

function notify(message, bad = false) {
  const notice = find("notice");
  notice.replaceChildren(written(message));
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(notify.timer);
  notify.timer = setTimeout(() => (notice.hidden = true), bad ? 8_000 : 3_000);
}

/** Runs something that a person asked for; what goes wrong is said. */
async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    notify(error.message, true);
    return undefined;
  }
}

async function refresh() {
  const [stats, { items }] = await Promise.all([getStats(), getItems(state.list, state.limit)]);
  state.items = items;
  find("stats").replaceChildren(...statsList(stats));
  drawList();
}

/** Redraws the list and keeps the focus where it was. */
function drawList() {
  const focused = document.activeElement?.dataset?.trace;
  find("items").replaceChildren(...listItems(state.items, state.selected, open));
  find("more").hidden = state.items.length < state.limit;
  if (focused !== undefined) document.querySelector(`[data-trace="${CSS.escape(focused)}"]`)?.focus();
}

async function open(traceId) {
  const detail = await attempt(() => getItem(traceId));
  if (detail === undefined) return;
  if (state.claim !== undefined && state.claim.traceId !== traceId) await release();
  Object.assign(state, { selected: traceId, detail });
  history.replaceState(null, "", `#${traceId}`);
  drawList();
  drawItem();
  find("item").focus({ preventScroll: true });
  find("item").scrollTop = 0;
  if (matchMedia("(max-width: 759px)").matches) scrollTo(0, 0);
}

function close() {
  Object.assign(state, { selected: undefined, detail: undefined });
  history.replaceState(null, "", location.pathname);
  drawList();
  drawItem();
}

function drawItem() {
  const main = find("item");
  document.body.classList.toggle("reading", state.detail !== undefined);
  if (state.detail === undefined) {
    main.replaceChildren(
      element("p", { class: "placeholder" }, "Choose a flagged generation from the list, or press j."),
    );
    return;
  }
  const { trace, item, decisions } = state.detail;
  const [first] = trace.firings;
  const title = element(
    "h2",
    {},
    written(first?.detector ?? trace.head.id, true),
    " ",
    element("span", { class: "state" }, words(trace.state)),
  );
  const back = element("button", { type: "button", class: "quiet back", onclick: close }, "← All items");
  const text = element("div", { class: "column" }, conversationView(trace.head.conversation), replyView(trace));
  const claim = state.claim?.traceId === trace.head.id ? state.claim : undefined;
  const form =
    item === null
      ? element("p", { class: "hint" }, "This trace is not in the queue yet.")
      : verdictForm(item, claim, { decide, claim: claimItem, release: releaseItem });
  const why = element("div", { class: "column" }, ...firingsView(trace.firings));
  const verdict = element("div", { class: "decision" }, form, historyView(decisions), factsView(trace));
  main.replaceChildren(back, title, element("div", { class: "columns" }, text, why, verdict));
}

async function claimItem() {
  const reviewer = reviewerName();
  if (reviewer === undefined) return;
  await attempt(async () => {
    const traceId = state.selected;
    const { claim } = await postClaim(traceId, reviewer);
    if (claim === null) throw new Error("Someone else has this item by now.");
    // The reviewer may have moved on meanwhile: then the claim goes back.
    if (state.selected !== traceId) return postRelease(traceId, claim.token);
    state.claim = { traceId, token: claim.token };
    await reread();
  });
}

async function release() {
  const { traceId, token } = state.claim;
  state.claim = undefined;
  await attempt(() => postRelease(traceId, token));
}

async function releaseItem() {
  await release();
  await attempt(reread);
}

/** Reads the open item again and keeps what was typed. */
async function reread() {
  const form = document.querySelector("form.verdict");
  const kept = form === null ? undefined : { note: form.elements.note.value, verdict: form.elements.verdict.value };
  const traceId = state.selected;
  const detail = await getItem(traceId);
  if (state.selected !== traceId) return;
  state.detail = detail;
  drawItem();
  const fresh = document.querySelector("form.verdict");
  if (kept !== undefined && fresh !== null) {
    fresh.elements.note.value = kept.note;
    if (kept.verdict !== "") fresh.elements.verdict.value = kept.verdict;
  }
  await refresh();
}

async function decide(verdict, note) {
  const reviewer = reviewerName();
  if (reviewer === undefined || verdict === "") return;
  await attempt(async () => {
    // What is on the page is what the verdict is about.
    const traceId = state.detail.trace.head.id;
    const token = state.claim?.traceId === traceId ? state.claim.token : undefined;
    const supersede = state.detail.item.state === "decided" || undefined;
    await postDecision(traceId, { verdict, note, reviewer, token, supersede });
    state.claim = undefined;
    notify(`Recorded: ${words(verdict)}.`);
    const next = neighbour(1) ?? neighbour(-1);
    await refresh();
    if (next !== undefined && next !== traceId && state.list !== "decided") await open(next);
    else close();
  });
}

function reviewerName() {
  const name = find("reviewer").value.trim();
  if (name !== "") return name;
  notify("Say who you are first.", true);
  find("reviewer").focus();
  return undefined;
}

/** The trace so many rows below the open one; the first when none is open. */
function neighbour(step) {
  const index = state.items.findIndex(({ traceId }) => traceId === state.selected);
  return (index === -1 ? state.items[0] : state.items[index + step])?.traceId;
}

function onKey(event) {
  const typing = event.target.closest("textarea, select, input:not([type=radio])") !== null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "k") {
    const next = neighbour(event.key === "j" ? 1 : -1);
    if (next !== undefined) void open(next);
  }
  const choice = document.querySelectorAll("form.verdict input[name=verdict]")[Number(event.key) - 1];
  if (choice !== undefined && Number(event.key) <= VERDICTS.length) {
    choice.checked = true;
    // Enter on a radio button submits the form, so the focus goes there.
    choice.focus();
  }
}

function showList(name) {
  Object.assign(state, { list: name, limit: PAGE });
  for (const tab of document.querySelectorAll("[data-state]"))
    tab.setAttribute("aria-pressed", String(tab.dataset.state === name));
  return attempt(refresh);
}

for (const tab of document.querySelectorAll("[data-state]"))
  tab.addEventListener("click", () => void showList(tab.dataset.state));
find("more").addEventListener("click", () => {
  state.limit += PAGE;
  void attempt(refresh);
});
find("reviewer").value = localStorage.getItem(NAME_KEY) ?? "";
find("reviewer").addEventListener("change", (event) => localStorage.setItem(NAME_KEY, event.target.value.trim()));
document.addEventListener("keydown", onKey);
setInterval(() => {
  if (!document.hidden) refresh().catch(() => notify("The gateway does not answer.", true));
}, REFRESH_MS);
setInterval(() => {
  if (state.claim === undefined) return;
  const { traceId, token } = state.claim;
  postHeartbeat(traceId, token).catch((error) => {
    if (state.claim?.token === token) state.claim = undefined;
    notify(error.message, true);
  });
}, HEARTBEAT_MS);

drawItem();
await attempt(refresh);
if (/^#tr_[0-9a-f]{32}$/.test(location.hash)) await open(location.hash.slice(1));
