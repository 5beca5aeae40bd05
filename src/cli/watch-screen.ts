import type { LiveEvent, LiveFlag, LiveState } from "../review/live-feed.ts";
import { visibleText } from "../visible-text.ts";
import { describeState, formatEvent } from "./watch-lines.ts";

/** A picture of what runs and what ended, built from events. */
export interface WatchScreen {
  apply(event: LiveEvent): void;
  /** Lines that fit; `now` is milliseconds since 1970 on the gateway's clock. */
  render(size: { readonly columns: number; readonly rows: number }, now: number): string[];
}

const MOST_KEPT = 200;

/** An empty screen under a heading. */
export function createWatchScreen(heading: string): WatchScreen {
  const live = new Map<string, LiveState>();
  const past: string[] = [];
  const counts = { ended: 0, flagged: 0, stopped: 0, refused: 0 };

  const keep = (event: LiveEvent): void => {
    past.unshift(...formatEvent(event));
    past.length = Math.min(past.length, MOST_KEPT);
  };
  const change = (traceId: string, changes: (state: LiveState) => Partial<LiveState>): void => {
    const state = live.get(traceId);
    if (state !== undefined) live.set(traceId, { ...state, ...changes(state) });
  };

  return {
    apply(event) {
      if (event.type === "snapshot") {
        live.clear();
        for (const state of event.live) live.set(state.traceId, state);
      } else if (event.type === "started") {
        const { request } = event;
        live.set(request.traceId, { ...request, writing: false, releasedTokens: 0, flags: [] });
      } else if (event.type === "progress") {
        for (const row of event.live) change(row.traceId, () => row);
      } else if (event.type === "flagged") {
        counts.flagged += 1;
        change(event.traceId, ({ flags }) => ({ flags: [...flags, event.flag] satisfies LiveFlag[] }));
        keep(event);
      } else {
        if (event.type === "ended") live.delete(event.traceId);
        counts[event.type] += 1;
        if (event.type === "ended" && event.reason === "abort") counts.stopped += 1;
        keep(event);
      }
    },
    render({ columns, rows }, now) {
      const { ended, flagged, stopped, refused } = counts;
      const totals = `${live.size} running   ${ended} ended   ${flagged} flags   ${stopped} stopped   ${refused} refused`;
      const running = [...live.values()]
        .toSorted((one, other) => one.startedAt - other.startedAt)
        .map((state) => `${formatAge(now - state.startedAt)}  ${visibleText(describeState(state).join("  "), true)}`);
      // Half the screen at most for what runs, so that what ended stays in sight.
      const room = Math.max(1, Math.floor(rows / 2) - 2);
      const shown = running.length > room ? [...running.slice(0, room), `… ${running.length - room} more`] : running;
      const lines = [`${heading}   ${totals}`, "", ...shown, "", ...past];
      return lines.slice(0, Math.max(1, rows - 1)).map((line) => Array.from(line).slice(0, columns).join(""));
    },
  };
}

function formatAge(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1_000).toFixed(1)} s`.padStart(8);
}
