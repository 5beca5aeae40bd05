import { expect, test } from "vitest";
import { priorityOf, reviewItemOf, shareOf } from "../../src/queue/review-item.ts";
import { sampleEvidence, sampleFinding, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";

const withAction = (action: "abort" | "flag" | "would_abort" | "unavailable", score = 6) =>
  sampleEvidence({ decision: { action }, finding: sampleFinding({ score, threshold: 5 }) });

test("an item takes detector, score and threshold from the first evidence, and the strictest action of all", () => {
  const second = sampleEvidence({ finding: sampleFinding({ detector: "audit-approval", score: 99 }) });
  const item = reviewItemOf(sampleTrace({ evidence: [withAction("flag"), second] }));
  expect(item).toMatchObject({
    traceId: traceId(1),
    detector: "country-channel",
    action: "abort",
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

test("a sampled reply is an item of the detector that was drawn, always blind, somewhere among the flagged ones", () => {
  const items = Array.from({ length: 400 }, (_, number) =>
    reviewItemOf(
      sampleTrace({
        head: sampleHead(number),
        evidence: [],
        sample: { detector: "audit-approval", score: 0.2, threshold: 1, stratum: "near", probability: 0.01 },
      }),
    ),
  );
  expect(items[1]).toMatchObject({
    detector: "audit-approval",
    action: "sample",
    score: 0.2,
    threshold: 1,
    blind: true,
    repetition: traceId(1),
    sample: { stratum: "near", probability: 0.01 },
  });
  const early = items.filter(({ priority }) => priority <= 333_333).length;
  expect(early).toBeGreaterThan(150);
  expect(early).toBeLessThan(250);
  expect(Math.max(...items.map(({ priority }) => priority))).toBeLessThanOrEqual(666_667);
});

test("what only the gateway knows comes from outside: repetition and blindness", () => {
  expect(reviewItemOf(sampleTrace())).toMatchObject({ repetition: traceId(1), blind: false });
  expect(reviewItemOf(sampleTrace(), { repetition: "alike", blind: true })).toMatchObject({
    repetition: "alike",
    blind: true,
  });
});

test("where scores are hidden, the place says nothing of them: it is the same as a sample's would be", () => {
  const [evidence] = sampleTrace().evidence;
  const placeOf = (trace: ReturnType<typeof sampleTrace>) => reviewItemOf(trace, { blind: true }).priority;
  const sample = { detector: "audit-approval", score: 0.2, threshold: 1, stratum: "near", probability: 0.01 } as const;
  const drawn = placeOf(sampleTrace({ evidence: [], sample }));
  expect(placeOf(sampleTrace())).toBe(drawn);
  expect(
    placeOf(sampleTrace({ evidence: [{ ...withAction("flag", 9), ...(evidence && { live: evidence.live }) }] })),
  ).toBe(drawn);
});

test("a share follows from id and purpose alone, and spreads evenly", () => {
  expect(shareOf(traceId(1), "blind")).toBe(shareOf(traceId(1), "blind"));
  expect(shareOf(traceId(1), "blind")).not.toBe(shareOf(traceId(1), "priority"));
  const shares = Array.from({ length: 1_000 }, (_, number) => shareOf(traceId(number), "blind"));
  expect(shares.filter((share) => share < 0.2).length).toBeGreaterThan(150);
  expect(shares.filter((share) => share < 0.2).length).toBeLessThan(250);
});
