import { expect, test } from "vitest";
import { createWatchScreen } from "../../src/cli/watch-screen.ts";
import type { LiveRequest } from "../../src/review/live-feed.ts";

const SIZE = { columns: 200, rows: 24 };
const request = (traceId: string, startedAt = 0): LiveRequest => ({
  traceId,
  requestId: "r",
  startedAt,
  operation: "chat",
  model: "m",
  policy: "demo",
  mode: "enforce",
  keyId: null,
  promptTokens: 3,
});
const ended = (traceId: string, reason: "stop" | "abort") =>
  ({
    at: 2_000,
    type: "ended",
    traceId,
    reason,
    action: reason === "abort" ? "abort" : "continue",
    durationMs: 1,
    promptTokens: 3,
    releasedTokens: 2,
    scores: [],
  }) as const;

test("what runs stands with its age and tokens, what ended below, the newest first", () => {
  const screen = createWatchScreen("watch");
  const flag = { detector: "d", action: "abort", position: 4, score: 3, threshold: 2 };
  screen.apply({
    at: 0,
    type: "snapshot",
    live: [{ ...request("tr_0"), writing: true, releasedTokens: 4, flags: [] }],
  });
  screen.apply({ at: 500, type: "started", request: request("tr_1", 500) });
  screen.apply({ at: 600, type: "progress", live: [{ traceId: "tr_1", writing: true, releasedTokens: 7 }] });
  screen.apply({ at: 600, type: "flagged", traceId: "tr_1", flag });
  screen.apply(ended("tr_0", "stop"));
  screen.apply({ at: 3, type: "refused", requestId: "r9", operation: "chat", keyId: null, code: "overloaded" });
  expect(screen.render(SIZE, 2_000)).toEqual([
    "watch   1 running   1 ended   1 flags   0 stopped   1 refused",
    "",
    "   1.5 s  tr_1  chat  demo  prompt 3  7 tokens  d 3.00 of 2.00 at 4: abort",
    "",
    expect.stringContaining("r9  refused  overloaded"),
    expect.stringContaining("tr_0  stop  2 tokens"),
    expect.stringContaining("tr_1  FLAGGED"),
  ]);
  screen.apply(ended("tr_1", "abort"));
  expect(screen.render(SIZE, 2_000)[0]).toBe("watch   0 running   2 ended   1 flags   1 stopped   1 refused");
});

test("a screen never has more lines or columns than fit, and what does not fit is counted", () => {
  const screen = createWatchScreen("watch");
  for (let count = 0; count < 500; count += 1)
    screen.apply({ at: 0, type: "started", request: request(`tr_${count}`) });
  for (let count = 0; count < 300; count += 1) screen.apply(ended(`tr_${count}`, "stop"));
  const lines = screen.render({ columns: 20, rows: 12 }, 0);
  expect(lines).toHaveLength(11);
  expect(Math.max(...lines.map((line) => line.length))).toBe(20);
  expect(lines).toContain("… 196 more");
});

test("a snapshot replaces what was thought to run", () => {
  const screen = createWatchScreen("watch");
  screen.apply({ at: 0, type: "started", request: request("tr_1") });
  screen.apply({ at: 0, type: "snapshot", live: [] });
  screen.apply({ at: 0, type: "progress", live: [{ traceId: "tr_1", writing: true, releasedTokens: 1 }] });
  expect(screen.render(SIZE, 0)[0]).toContain("0 running");
});
