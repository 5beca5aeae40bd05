import type { LiveEvent, LiveFlag, LiveRequest, LiveState } from "../review/live-feed.ts";
import { visibleText } from "../visible-text.ts";

type Ended = LiveEvent & { readonly type: "ended" };

/** One line for an event; none for counts of tokens. */
export function formatEvent(event: LiveEvent): string[] {
  const at = formatTime(event.at);
  const line = (...parts: readonly (string | undefined)[]) =>
    visibleText([at, ...parts.filter((part) => part !== undefined)].join("  "), true);
  switch (event.type) {
    case "snapshot":
      return [line(`${event.live.length} running`), ...event.live.map((state) => line(...describeState(state)))];
    case "started":
      return [line(event.request.traceId, "started", ...describeRequest(event.request))];
    case "progress":
      return [];
    case "flagged":
      return [line(event.traceId, "FLAGGED", describeFlag(event.flag))];
    case "ended":
      return [line(event.traceId, ...describeEnd(event))];
    case "refused":
      return [line(event.requestId, "refused", event.code, event.operation, describeKey(event.keyId))];
  }
}

/** What is known of a request at its start. */
export function describeRequest({ operation, policy, mode, keyId, promptTokens }: LiveRequest): string[] {
  const key = describeKey(keyId);
  return [
    operation,
    mode === "monitor" ? `${policy} (monitor)` : policy,
    ...(key === undefined ? [] : [key]),
    `prompt ${promptTokens}`,
  ];
}

/** The same with how far it is. */
export function describeState(state: LiveState): string[] {
  const { traceId, writing, releasedTokens, flags } = state;
  const progress = writing ? `${releasedTokens} tokens` : "reading";
  return [traceId, ...describeRequest(state), progress, ...flags.map(describeFlag)];
}

/** `country-channel 3.21 of 2.00 at 41: abort` */
export function describeFlag({ detector, score, threshold, position, action }: LiveFlag): string {
  const measured = score === null ? "broke" : `${score.toFixed(2)} of ${threshold?.toFixed(2) ?? "?"}`;
  return `${detector} ${measured} at ${position}: ${action}`;
}

/** How it ended, and the largest score of each detector; `!` stands behind those that fired, which come first. */
export function describeEnd({ reason, action, releasedTokens, durationMs, scores }: Ended): string[] {
  const isActedOn = !["continue", "observe", reason].includes(action);
  const sorted = scores.toSorted((one, other) => Number(other.fired) - Number(one.fired));
  return [
    isActedOn ? `${reason}, ${action}` : reason,
    `${releasedTokens} tokens`,
    `${(durationMs / 1_000).toFixed(1)} s`,
    ...sorted.map(({ detector, score, fired }) => `${detector} ${score?.toFixed(2) ?? "–"}${fired ? "!" : ""}`),
  ];
}

/** `14:02:31` of this machine's clock. */
export function formatTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

function describeKey(keyId: string | null): string | undefined {
  return keyId === null ? undefined : `key ${keyId}`;
}
