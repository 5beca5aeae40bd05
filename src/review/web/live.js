import { connection, EVENTS, getStats } from "./api.js";

const AGAIN_MS = 4_000;

/**
 * Follows the counts of the queue. `onStats(stats)` whenever they come, `onState("live" | "offline", since)` when the page
 * loses touch with the gateway or finds it again.
 */
export function followStats({ onStats, onState }) {
  const state = { source: undefined, timer: undefined, offline: false };
  const heard = () => {
    if (state.offline) onState("live");
    state.offline = false;
  };
  const lost = () => {
    if (!state.offline) onState("offline", Date.now());
    state.offline = true;
  };
  const poll = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => void again(), AGAIN_MS);
  };
  async function again() {
    try {
      onStats(await getStats());
      open();
    } catch (error) {
      // Refused for want of a login: the login opens the stream again.
      if (error.code !== "login_required") poll();
    }
  }
  function open() {
    state.source?.close();
    const source = new EventSource(EVENTS);
    state.source = source;
    source.addEventListener("stats", (event) => {
      heard();
      onStats(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      if (state.source !== source) return;
      source.close();
      poll();
    });
  }
  connection.addEventListener("answered", heard);
  connection.addEventListener("unreachable", lost);
  return {
    start: open,
    stop() {
      clearTimeout(state.timer);
      state.source?.close();
      state.source = undefined;
    },
  };
}
