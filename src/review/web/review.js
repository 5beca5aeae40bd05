import { connection, getSession, getStats, logOut } from "./api.js";
import { auditPage } from "./audit-page.js";
import { createDesk, drawCounts, placeholder, waitingText } from "./desk.js";
import { duration, element, refreshAges, written } from "./elements.js";
import { findPage } from "./find-page.js";
import { createItemDesk } from "./item-desk.js";
import { followStats } from "./live.js";
import { loginPage } from "./login-page.js";
import { announce, attempt, hideNotice } from "./notices.js";
import { drawOverrides } from "./overrides-banner.js";
import { overridesPage } from "./overrides-page.js";
import { failedView } from "./page-frame.js";
import { formatHash, itemHash, parseHash } from "./router.js";
import { listenToKeys, showHelp } from "./shortcuts.js";
import { statisticsPage } from "./statistics-page.js";
import { thresholdsPage } from "./thresholds-page.js";

const AGES_MS = 20_000;
const NARROW = "(max-width: 759px)";
const find = (id) => document.getElementById(id);
const state = { session: undefined, page: undefined, route: undefined, waiting: 0, signature: "" };

const itemDesk = createItemDesk({ session: () => state.session, desk: () => desk, onDecided });
const desk = createDesk({
  open(detail) {
    const again = itemDesk.draw(detail);
    setTitle(detail.item?.detector ?? "Item");
    if (again) return;
    find("main").focus({ preventScroll: true });
    if (scrollY > find("main").offsetTop || matchMedia(NARROW).matches)
      scrollTo(0, matchMedia(NARROW).matches ? 0 : find("main").offsetTop);
  },
  close: () => find("main").replaceChildren(placeholder(state.stats)),
  settled: () => void itemDesk.check(),
  busy: (busy) => find("main").setAttribute("aria-busy", String(busy)),
  failed(_traceId, error) {
    if (error.code === "login_required") return;
    find("main").replaceChildren(
      element("a", { class: "back", href: desk.listHash() }, "← All items"),
      failedView(error.message, () => void desk.reread()),
    );
  },
});
const live = followStats({ onStats, onState });

function setTitle(name) {
  const waiting = state.waiting > 0 ? `(${state.waiting}) ` : "";
  document.title = `${waiting}${name} · lensgate`;
  state.title = name;
}

function onStats(stats) {
  Object.assign(state, { stats, waiting: stats.queue.waiting });
  if (state.route === "") document.querySelector(".placeholder-count")?.replaceChildren(...waitingText(stats));
  drawCounts(stats, desk.state.filter.state);
  drawOverrides(stats.overrides ?? []);
  state.page?.overridesChanged?.(stats.overrides ?? []);
  find("stats").replaceChildren(...statsView(stats));
  setTitle(state.title ?? "Review");
  const { oldestWaitingMs: _, ...counts } = stats.queue;
  const signature = JSON.stringify([counts, stats.decisions]);
  if (signature !== state.signature && onDesk()) desk.changed();
  state.signature = signature;
}

function statsView({ queue, outbox }) {
  const rows = [
    ["Oldest", queue.waiting === 0 ? "–" : duration(queue.oldestWaitingMs)],
    ...(outbox !== undefined && outbox.waiting > 0
      ? [["Outbox", `${outbox.waiting.toLocaleString("en")} of ${outbox.limit.toLocaleString("en")}`]]
      : []),
  ];
  return rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
}

function onState(name, since) {
  const touch = find("touch");
  touch.classList.toggle("offline", name === "offline");
  document.body.classList.toggle("out-of-touch", name === "offline");
  touch.textContent =
    name === "offline" ? `no answer since ${new Date(since).toLocaleTimeString([], { timeStyle: "short" })}` : "live";
}

const onDesk = () => state.route === "" || state.route === "item";

/** After a verdict: the next item, or the list when there is none. */
async function onDecided(traceId, say) {
  const here = parseHash(location.hash).id === traceId;
  const next = desk.neighbour(1) ?? desk.neighbour(-1);
  if (here && desk.state.filter.state === "decided") await desk.reread();
  else if (here) location.replace(next === undefined || next === traceId ? desk.listHash() : itemHash(next));
  say();
  await desk.refresh();
}

const SIDE_PAGES = {
  find: (_query, id) => findPage(id, state.session),
  statistics: statisticsPage,
  thresholds: () => thresholdsPage(state.session),
  overrides: () => overridesPage(state.session),
  audit: auditPage,
};

async function route() {
  if (state.session === undefined) return;
  const { page, id, query } = parseHash(location.hash);
  state.page?.leave();
  state.page = undefined;
  state.route = page;
  await itemDesk.leave(page === "item" ? id : undefined);
  const name = page === "" || page === "item" ? "queue" : page;
  Object.assign(document.body.dataset, { page: name, reading: String(page === "item") });
  for (const link of document.querySelectorAll("[data-page-link]")) {
    if (link.dataset.pageLink === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (onDesk()) {
    setTitle(page === "item" ? (state.title ?? "Item") : "Queue");
    await desk.show({ id, query });
    return;
  }
  state.page = SIDE_PAGES[page](query, id);
  setTitle(state.page.node.querySelector("h2").textContent);
  find("main").removeAttribute("aria-busy");
  find("main").replaceChildren(state.page.node);
  find("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  await state.page.draw();
}

function showSession(session) {
  state.session = session;
  const shown = session !== undefined;
  for (const id of ["pages", "me", "stats"]) find(id).hidden = !shown;
  if (!shown) drawOverrides([]);
  if (shown)
    find("who").replaceChildren(
      written(session.reviewer, true),
      element("span", { class: "hint" }, ` ${session.role}`),
    );
}

async function showLogin(ended) {
  live.stop();
  showSession(undefined);
  hideNotice();
  document.body.dataset.page = "login";
  const { session, passwords } = await getSession();
  if (session !== null && !ended) return enter(session);
  setTitle("Log in");
  const { node, focus } = loginPage({ passwords, ended }, enter);
  find("main").replaceChildren(node);
  focus();
  return undefined;
}

async function enter(session) {
  showSession(session);
  onState("live");
  live.start();
  void getStats().then(onStats, () => undefined);
  await route();
}

function bindKeys() {
  const to = (page) => () => {
    location.hash = formatHash(page);
  };
  const onItem = (action) => () => (itemDesk.state.detail === undefined || state.route !== "item" ? false : action());
  const step = (by) => () => (onDesk() ? (desk.go(by) ?? announce("No more items.")) : false);
  listenToKeys({
    j: step(1),
    k: step(-1),
    n: () => (onDesk() ? void itemDesk.claim() : false),
    u: () => void itemDesk.undo(ownVerdict()),
    c: onItem(() => itemDesk.toggleClaim()),
    m: onItem(() => document.querySelector(".verdict textarea")?.focus()),
    p: onItem(() => focusPicture()),
    "/": () => (onDesk() ? document.querySelector("#filters select").focus() : false),
    "?": showHelp,
    Escape: onEscape,
    "g q": to(""),
    "g f": to("find"),
    "g s": to("statistics"),
    "g t": to("thresholds"),
    "g o": to("overrides"),
    "g a": to("audit"),
    ...Object.fromEntries([1, 2, 3, 4].map((digit) => [String(digit), onItem(() => itemDesk.choose(digit - 1))])),
  });
}

/** The open item where its last verdict is this reviewer's; otherwise what they decided last. */
function ownVerdict() {
  const { detail } = itemDesk.state;
  const last = detail?.decisions.at(-1);
  return last?.reviewer === state.session.reviewer && last.verdict !== "withdrawn" ? detail.trace.head.id : undefined;
}

function focusPicture() {
  const frame = document.querySelector(".picture-frame") ?? document.querySelector(".scrubber");
  frame?.focus({ preventScroll: true });
  frame?.scrollIntoView({ block: "center" });
}

function onEscape() {
  hideNotice();
  const { view } = itemDesk.state;
  if (state.route !== "item" || view === undefined) return;
  if (view.cursor.at.position === null) location.hash = desk.listHash();
  else view.cursor.free();
}

addEventListener("hashchange", () => void attempt(route));
connection.addEventListener("login", () => {
  if (state.session !== undefined) void attempt(() => showLogin(true));
});
find("leave").addEventListener(
  "click",
  () => void attempt(async () => (await itemDesk.leave(), await logOut(), showLogin(false))),
);
find("help").addEventListener("click", showHelp);
find("next").addEventListener("click", () => void itemDesk.claim());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("main").focus();
});
// A page that comes back from the browser's cache has lost its claim and its stream.
addEventListener("pageshow", (event) => event.persisted && location.reload());
bindKeys();
setInterval(refreshAges, AGES_MS);

async function start() {
  try {
    await showLogin(false);
  } catch (error) {
    find("main").replaceChildren(failedView(error.message, () => void start()));
  }
}
await start();
