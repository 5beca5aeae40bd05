import { expect, test } from "vitest";
import { formatEvent, formatTime } from "../../src/cli/watch-lines.ts";
import type { LiveEvent } from "../../src/review/live-feed.ts";

const at = Date.UTC(2026, 0, 1, 12, 0, 5);
const time = formatTime(at);
const request = {
  traceId: "tr_1",
  requestId: "r1",
  startedAt: at,
  operation: "chat",
  model: "m",
  policy: "demo",
  mode: "enforce",
  keyId: "app",
  promptTokens: 35,
};
const flag = { detector: "country-channel", action: "abort", position: 41, score: 3.214, threshold: 2 };

test.each<[LiveEvent, string[]]>([
  [{ at, type: "started", request }, [`${time}  tr_1  started  chat  demo  key app  prompt 35`]],
  [
    { at, type: "started", request: { ...request, mode: "monitor", keyId: null } },
    [`${time}  tr_1  started  chat  demo (monitor)  prompt 35`],
  ],
  [{ at, type: "progress", live: [{ traceId: "tr_1", writing: true, releasedTokens: 3 }] }, []],
  [
    { at, type: "flagged", traceId: "tr_1", flag },
    [`${time}  tr_1  FLAGGED  country-channel 3.21 of 2.00 at 41: abort`],
  ],
  [
    { at, type: "flagged", traceId: "tr_1", flag: { ...flag, score: null, threshold: null } },
    [`${time}  tr_1  FLAGGED  country-channel broke at 41: abort`],
  ],
  [
    {
      at,
      type: "ended",
      traceId: "tr_1",
      reason: "abort",
      action: "abort",
      durationMs: 512,
      promptTokens: 35,
      releasedTokens: 3,
      scores: [
        { detector: "quiet", score: null, fired: false },
        { detector: "loud", score: 3.2, fired: true },
      ],
    },
    [`${time}  tr_1  abort  3 tokens  0.5 s  loud 3.20!  quiet –`],
  ],
  [
    {
      at,
      type: "ended",
      traceId: "tr_1",
      reason: "stop",
      action: "would_abort",
      durationMs: 1_000,
      promptTokens: 1,
      releasedTokens: 9,
      scores: [],
    },
    [`${time}  tr_1  stop, would_abort  9 tokens  1.0 s`],
  ],
  [
    { at, type: "refused", requestId: "r2", operation: "chat", keyId: null, code: "rate_limit_exceeded" },
    [`${time}  r2  refused  rate_limit_exceeded  chat`],
  ],
  [
    { at, type: "snapshot", live: [{ ...request, writing: false, releasedTokens: 0, flags: [flag] }] },
    [
      `${time}  1 running`,
      `${time}  tr_1  chat  demo  key app  prompt 35  reading  country-channel 3.21 of 2.00 at 41: abort`,
    ],
  ],
])("%j", (event, lines) => {
  expect(formatEvent(event)).toEqual(lines);
});

test("what others named can not drive the terminal", () => {
  const event = {
    at,
    type: "refused",
    requestId: "\u001B[2J\u202E",
    operation: "chat",
    keyId: null,
    code: "x",
  } as const;
  expect(formatEvent(event)).toEqual([`${time}  ⟨U+001B⟩[2J⟨U+202E⟩  refused  x  chat`]);
});
