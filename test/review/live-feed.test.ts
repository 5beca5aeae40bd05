import { expect, test } from "vitest";
import { createLiveFeed, type LiveEvent } from "../../src/review/live-feed.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";

const REQUEST = {
  traceId: "tr_1",
  requestId: "r1",
  operation: "chat",
  model: "m",
  policy: "demo",
  mode: "enforce",
  keyId: "app",
  promptTokens: 11,
};

function openFeed() {
  const time = { now: 1_000 };
  const feed = createLiveFeed({ clock: () => time.now, progressMs: 10 });
  const events: LiveEvent[] = [];
  return { time, feed, events, stop: feed.listen((event) => events.push(event)) };
}
const passed = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a request is told from its start to its end, with flags and largest scores and without text", async () => {
  const { time, feed, events } = openFeed();
  feed.started(REQUEST);
  feed.saw("tr_1", promptJudged);
  feed.saw("tr_1", released("zebra", "zebra"));
  feed.saw("tr_1", flagRaised());
  await passed(30);
  time.now += 500;
  const scores = [
    { detector: "d", hash: "0".repeat(16), score: 3, position: 4, tap: null, fired: true, error: "threw: zebra" },
  ];
  feed.saw("tr_1", runEnd("abort", { releasedTokens: 2, scores }));
  expect(events).toEqual([
    { at: 1_000, type: "started", request: { ...REQUEST, startedAt: 1_000 } },
    {
      at: 1_000,
      type: "flagged",
      traceId: "tr_1",
      flag: {
        detector: expect.any(String),
        action: expect.any(String),
        position: expect.any(Number),
        score: expect.any(Number),
        threshold: expect.any(Number),
      },
    },
    { at: 1_000, type: "progress", live: [{ traceId: "tr_1", writing: true, releasedTokens: 2 }] },
    {
      at: 1_500,
      type: "ended",
      traceId: "tr_1",
      reason: "abort",
      action: "abort",
      durationMs: 500,
      promptTokens: 11,
      releasedTokens: 2,
      scores: [{ detector: "d", score: 3, fired: true }],
    },
  ]);
  expect(JSON.stringify(events)).not.toContain("zebra");
  expect(feed.snapshot()).toMatchObject({ live: [] });
});

test("who comes later gets everything that runs", () => {
  const { feed } = openFeed();
  feed.started(REQUEST);
  feed.saw("tr_1", promptJudged);
  feed.saw("tr_1", released("a"));
  feed.saw("tr_1", flagRaised());
  expect(feed.snapshot()).toMatchObject({
    type: "snapshot",
    live: [{ ...REQUEST, writing: true, releasedTokens: 1, flags: [{ detector: expect.any(String) }] }],
  });
});

test("counts of many tokens are told together", async () => {
  const { feed, events } = openFeed();
  feed.started(REQUEST);
  feed.started({ ...REQUEST, traceId: "tr_2" });
  for (let count = 0; count < 100; count += 1) {
    feed.saw("tr_1", released("a"));
    feed.saw("tr_2", released("a", "b"));
  }
  await passed(30);
  expect(events.filter(({ type }) => type === "progress")).toEqual([
    {
      at: 1_000,
      type: "progress",
      live: [
        { traceId: "tr_1", writing: false, releasedTokens: 100 },
        { traceId: "tr_2", writing: false, releasedTokens: 200 },
      ],
    },
  ]);
});

test("a run that broke is over, once, and what nobody started is nobody's", () => {
  const { feed, events } = openFeed();
  feed.started(REQUEST);
  feed.broke("tr_1");
  feed.broke("tr_1");
  feed.saw("tr_9", runEnd("stop"));
  expect(events.map(({ type }) => type)).toEqual(["started", "ended"]);
  expect(events[1]).toMatchObject({ reason: "broke", action: "unavailable" });
});

test("a refusal is told, and a listener that throws or has left hears no more", () => {
  const { feed, events, stop } = openFeed();
  let broken = 0;
  feed.listen(() => {
    broken += 1;
    throw new Error("gone");
  });
  const refusal = { requestId: "r2", operation: "chat", keyId: null, code: "rate_limit_exceeded" };
  feed.refused(refusal);
  feed.refused(refusal);
  stop();
  feed.refused(refusal);
  expect([events, broken]).toEqual([
    [
      { at: 1_000, type: "refused", ...refusal },
      { at: 1_000, type: "refused", ...refusal },
    ],
    1,
  ]);
});

test("a detector that broke is a flag without a score", () => {
  const { feed, events } = openFeed();
  feed.started(REQUEST);
  const finding = { verdict: "error", errorType: "threw", message: "zebra", detector: "d", position: 7 } as const;
  feed.saw("tr_1", flagRaised({ finding }));
  expect(events[1]).toMatchObject({ flag: { detector: "d", position: 7, score: null, threshold: null } });
  expect(JSON.stringify(events)).not.toContain("zebra");
});
