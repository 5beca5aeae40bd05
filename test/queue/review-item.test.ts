import { expect, test } from "vitest";
import { priorityOf, reviewItemOf } from "../../src/queue/review-item.ts";
import { sampleEvidence, sampleFinding, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";

const withAction = (action: "abort" | "flag" | "would_abort" | "unavailable", score = 6) =>
  sampleEvidence({ decision: { action }, finding: sampleFinding({ score, threshold: 5 }) });

test("an item takes detector, action, score and threshold from the first evidence", () => {
  const second = sampleEvidence({ finding: sampleFinding({ detector: "audit-approval", score: 99 }) });
  const item = reviewItemOf(sampleTrace({ evidence: [withAction("flag"), second] }));
  expect(item).toMatchObject({
    traceId: traceId(1),
    detector: "country-channel",
    action: "flag",
    score: 6,
    threshold: 5,
  });
  expect(item.createdAt).toBe(sampleHead().createdAt);
});

test("a flag that became an abort is as urgent as the abort", () => {
  const item = reviewItemOf(sampleTrace({ evidence: [withAction("flag"), withAction("abort", 9)] }));
  expect(item.priority).toBe(priorityOf(withAction("abort", 9)));
});

test("an item of a broken detector has no score and comes after every firing", () => {
  const finding = { detector: "broken", position: 3, verdict: "error", errorType: "threw", message: "boom" } as const;
  const evidence = sampleEvidence({ finding, decision: { action: "unavailable" } });
  expect(reviewItemOf(sampleTrace({ evidence: [evidence] }))).toMatchObject({
    detector: "broken",
    score: null,
    threshold: null,
  });
  expect(priorityOf(evidence)).toBeGreaterThan(priorityOf(withAction("flag", 5)));
  expect(priorityOf(evidence)).toBeLessThanOrEqual(1_000_000);
});

test("aborts come before flags, and a larger excess before a smaller one", () => {
  const ordered = [
    withAction("abort", 1e9),
    withAction("abort", 9),
    withAction("abort", 5),
    withAction("would_abort", 1e9),
  ];
  const more = [withAction("flag", 6), withAction("flag", 5), withAction("unavailable", 6)];
  const priorities = [...ordered, ...more].map(priorityOf);
  expect(priorities).toEqual(priorities.toSorted((left, right) => left - right));
  expect(new Set(priorities).size).toBe(priorities.length);
  expect(priorities[0]).toBeGreaterThanOrEqual(1);
});

test("an excess that is no number does not make an item urgent", () => {
  expect(priorityOf(withAction("flag", Number.NaN))).toBe(priorityOf(withAction("flag", 5)));
});

test("a trace without evidence is refused", () => {
  expect(() => reviewItemOf(sampleTrace({ evidence: [] }))).toThrow(/no evidence/);
});
