import { getItem, getItems } from "./api.js";
import { count, duration, element } from "./elements.js";
import { createFilters, filterOf, isFiltered } from "./queue-filters.js";
import { drawItems, emptyRow, skeletonRows } from "./queue-list.js";
import { formatHash, itemHash } from "./router.js";

const PAGE = 50;
const MOST = 200;
const SETTLE_MS = 400;
const BUSY_MS = 150;
const find = (id) => document.getElementById(id);

/**
 * The list beside the item: filters, rows, and which item is open. `on`: `{open(detail), close(), busy(yes), failed(traceId,
 * error)}` draw what stands beside the list; `settled()` is told when the queue has changed.
 */
export function createDesk(on) {
  const own = {
    on,
    state: { filter: filterOf({}), limit: PAGE, items: [], known: { detectors: [], models: [] }, loaded: false },
    abort: { list: undefined, item: undefined },
    settle: undefined,
  };
  own.filters = createFilters(find("filters"), (name, value) => setFilter(own, { [name]: value }));
  find("more").addEventListener("click", () => {
    own.state.limit += PAGE;
    void refresh(own);
  });
  find("clear").addEventListener("click", () => {
    location.hash = formatHash("", "", { state: own.state.filter.state });
  });
  find("list-again").addEventListener("click", () => void refresh(own));
  for (const tab of document.querySelectorAll("[data-state]"))
    tab.addEventListener("click", () => setFilter(own, { state: tab.dataset.state }));
  return {
    state: own.state,
    refresh: () => refresh(own),
    neighbour: (step) => neighbour(own, step),
    /** Something changed in the queue: the list is read again once it has settled. */
    changed() {
      clearTimeout(own.settle);
      own.settle = setTimeout(() => {
        void refresh(own);
        on.settled();
      }, SETTLE_MS);
    },
    show: (route) => show(own, route),
    /** Reads the open item again. */
    reread: () => (own.state.selected === undefined ? undefined : open(own, own.state.selected)),
    /** What the next claim should be of: the detector that the list is narrowed to. */
    wanted() {
      const { detector } = own.state.filter;
      return detector === undefined ? {} : { detectors: [detector] };
    },
    listHash: () => formatHash("", "", own.state.filter),
    /** To the item so many rows further, without adding a page to go back to. */
    go(step) {
      const next = neighbour(own, step);
      if (next !== undefined) location.replace(itemHash(next));
      return next;
    },
  };
}

function setFilter({ state }, changes) {
  const all = Object.entries({ ...state.filter, ...changes });
  location.hash = formatHash("", "", Object.fromEntries(all.filter(([, value]) => value !== undefined)));
}

function draw({ state, filters }) {
  const list = find("items");
  filters.draw(state.filter, state.known);
  for (const tab of document.querySelectorAll("[data-state]"))
    tab.setAttribute("aria-pressed", String(tab.dataset.state === state.filter.state));
  find("clear").hidden = !isFiltered(state.filter);
  if (!state.loaded) list.replaceChildren(...skeletonRows());
  else if (state.items.length === 0) list.replaceChildren(emptyRow(isFiltered(state.filter), state.filter.state));
  else drawItems(list, state.items, state.selected);
  find("more").hidden = !state.loaded || state.items.length < state.limit;
}

async function load(own) {
  const { state, abort } = own;
  abort.list?.abort();
  const current = new AbortController();
  abort.list = current;
  const items = [];
  while (items.length < state.limit) {
    const limit = Math.min(MOST, state.limit - items.length);
    const page = await getItems({ ...state.filter, limit, offset: items.length }, current.signal);
    items.push(...page.items);
    state.known = { detectors: page.detectors ?? [], models: page.models ?? [] };
    if (page.items.length < limit) break;
  }
  Object.assign(state, { items, loaded: true });
  find("list-failed").hidden = true;
  draw(own);
}

async function refresh(own) {
  try {
    await load(own);
  } catch (error) {
    if (error.name === "AbortError" || error.code === "login_required") return;
    if (!own.state.loaded) find("items").replaceChildren();
    find("list-failed-text").textContent = error.message;
    find("list-failed").hidden = false;
  }
}

async function open({ abort, on }, traceId) {
  abort.item?.abort();
  const current = new AbortController();
  abort.item = current;
  const busy = setTimeout(() => on.busy(true), BUSY_MS);
  try {
    const detail = await getItem(traceId, current.signal);
    if (abort.item === current) on.open(detail);
  } catch (error) {
    if (error.name !== "AbortError" && abort.item === current) on.failed(traceId, error);
  } finally {
    clearTimeout(busy);
    if (abort.item === current) on.busy(false);
  }
}

/** The trace so many rows below the open one; the first when none is open. */
function neighbour({ state }, step) {
  const index = state.items.findIndex(({ traceId }) => traceId === state.selected);
  return (index === -1 ? state.items[0] : state.items[index + step])?.traceId;
}

/** Shows the queue with the filters of the address, or one item with the filters as they are. */
async function show(own, { id, query }) {
  const { state, abort, on } = own;
  if (id !== "") {
    state.selected = id;
    draw(own);
    await Promise.all([open(own, id), state.loaded ? undefined : refresh(own)]);
    return;
  }
  const filter = filterOf(query);
  const same = state.loaded && JSON.stringify(filter) === JSON.stringify(state.filter);
  abort.item?.abort();
  Object.assign(state, { filter, selected: undefined, ...(same ? {} : { limit: PAGE }) });
  on.close();
  draw(own);
  await refresh(own);
}

/** Tells the tabs how many items stand where. */
export function drawCounts({ queue }, selected) {
  for (const tab of document.querySelectorAll("[data-state]")) {
    const amount = queue[tab.dataset.state] ?? 0;
    tab.querySelector(".tab-count").textContent = amount > 9_999 ? `${Math.floor(amount / 1_000)}k` : String(amount);
    if (tab.dataset.state === "dead") tab.hidden = amount === 0 && selected !== "dead";
  }
}

/** How much waits, in words. */
export function waitingText(stats) {
  const { waiting, oldestWaitingMs } = stats?.queue ?? { waiting: 0 };
  if (stats === undefined) return [];
  if (waiting === 0) return ["Nothing waits."];
  return [
    `${count(waiting, "item")} ${waiting === 1 ? "waits" : "wait"}, the oldest for ${duration(oldestWaitingMs)}.`,
  ];
}

/** Said in the place of an item while none is open. */
export const placeholder = (stats) =>
  element(
    "div",
    { class: "placeholder" },
    element("p", { class: "placeholder-count" }, ...waitingText(stats)),
    element(
      "p",
      {},
      "Choose an item from the list, press ",
      element("kbd", {}, "j"),
      " for the first, or ",
      element("kbd", {}, "n"),
      " to claim the most urgent. ",
      element("kbd", {}, "?"),
      " shows all keys.",
    ),
  );
