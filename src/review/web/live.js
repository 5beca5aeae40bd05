import { connection, EVENTS, getStats } from "./api.js";

const AGAIN_MS = 4_000;
const HIDDEN_MS = 30_000;
/** The gateway sends counts every few seconds: a stream that is silent for so long is broken. */
const SILENT_MS = 20_000;

/**
 * Follows the counts of the queue. `on`: `onStats(stats)` whenever they come, `onState("live" | "offline", since)` when the
 * page loses touch with the gateway or finds it again.
 */
export function followStats(on) {
  const own = { on, source: undefined, timer: undefined, offline: false };
  // A browser opens few connections to one host: tabs that nobody looks at must not hold one each.
  document.addEventListener("visibilitychange", () => {
    if (own.source === undefined) return;
    if (document.hidden) poll(own);
    else open(own);
  });
  connection.addEventListener("answered", () => heard(own));
  connection.addEventListener("unreachable", () => {
    if (!own.offline) on.onState("offline", Date.now());
    own.offline = true;
  });
  return {
    start: () => open(own),
    stop() {
      clearTimeout(own.timer);
      own.source?.close();
      own.source = undefined;
    },
  };
}

function heard(own) {
  if (own.offline) own.on.onState("live");
  own.offline = false;
}

function open(own) {
  own.source?.close();
  const source = new EventSource(EVENTS);
  own.source = source;
  watch(own, source);
  source.addEventListener("stats", (event) => {
    heard(own);
    own.on.onStats(JSON.parse(event.data));
    watch(own, source);
  });
  source.addEventListener("error", () => {
    if (own.source === source) poll(own);
  });
}

function watch(own, source) {
  if (own.source !== source) return;
  clearTimeout(own.timer);
  own.timer = setTimeout(() => void ask(own), SILENT_MS);
}

/** Asks from time to time until the stream can be opened again. */
function poll(own) {
  own.source.close();
  clearTimeout(own.timer);
  own.timer = setTimeout(() => void ask(own), document.hidden ? HIDDEN_MS : AGAIN_MS);
}

async function ask(own) {
  const { source } = own;
  try {
    const stats = await getStats();
    if (own.source !== source || source === undefined) return;
    own.on.onStats(stats);
    if (document.hidden) poll(own);
    else open(own);
  } catch (error) {
    // Refused for want of a login: the login opens the stream again.
    if (error.code !== "login_required" && own.source === source && source !== undefined) poll(own);
  }
}
