import { expect, test } from "vitest";
import type { DetectorScore } from "../../src/detect/finding.ts";
import { createSampler, judged, type SampleShares } from "../../src/trace/sampling.ts";
import { sampleScoreRow } from "../conformance/samples.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

function scoreOf(detector: string, score: number | null, changes: Partial<DetectorScore> = {}): DetectorScore {
  return { detector, hash: "0123456789abcdef", score, position: 3, tap: null, fired: false, error: null, ...changes };
}

/** Numbers in turn, then 0.5. */
function inTurn(...numbers: number[]): () => number {
  return () => numbers.shift() ?? 0.5;
}

function samplerOf(shares: Partial<SampleShares>, random?: () => number) {
  const recent = Array.from({ length: 1000 }, (_, index) =>
    sampleScoreRow(index, { scores: [scoreOf("a", index / 1000)] }),
  );
  return createSampler({
    shares: { clear: 0.5, near: 1, nearShare: 0.01, ...shares },
    thresholdOf: (policy, detector) => (policy === "p" && detector === "a" ? 2 : null),
    ...(random === undefined ? {} : { random }),
    recent,
  });
}

const ended = { policy: "p", reason: "stop", flagged: false } as const;

test("one judged detector is drawn, and the reply kept with the share of its stratum over their number", () => {
  const scores = [scoreOf("a", 0.3), scoreOf("b", 0.1), scoreOf("c", null), scoreOf("d", 1, { error: "threw" })];
  const kept = samplerOf({}, inTurn(0.1, 0.49)).draw({ ...ended, scores });
  expect(kept).toEqual({
    sampling: { clear: 0.5, near: 1, nearDetectors: [], drawn: "a" },
    sample: { detector: "a", score: 0.3, threshold: 2, stratum: "clear", probability: 0.25 },
  });
  const passed = samplerOf({}, inTurn(0.1, 0.51)).draw({ ...ended, scores });
  expect(passed).toEqual({ sampling: { clear: 0.5, near: 1, nearDetectors: [], drawn: null }, sample: null });
  expect(samplerOf({}, inTurn(0.6, 0)).draw({ ...ended, scores })?.sample?.detector).toBe("b");
});

test("the highest-scoring share of recent replies is near, and so is what fired and was only observed", () => {
  expect(samplerOf({}).draw({ ...ended, scores: [scoreOf("a", 0.995)] })?.sample?.stratum).toBe("near");
  expect(samplerOf({ clear: 1 }).draw({ ...ended, scores: [scoreOf("a", 0.98)] })?.sample?.stratum).toBe("clear");
  const fired = [scoreOf("b", 0.1, { fired: true })];
  expect(samplerOf({}).draw({ ...ended, scores: fired })?.sampling.nearDetectors).toEqual(["b"]);
});

test("with fewer than 200 scores of a detector nothing is near yet", () => {
  const sampler = createSampler({ shares: { clear: 0, near: 1, nearShare: 0.5 }, thresholdOf: () => null });
  const strata = Array.from({ length: 300 }, (_, index) => sampler.draw({ ...ended, scores: [scoreOf("a", index)] }));
  expect(strata.findIndex((draw) => draw?.sampling.nearDetectors.length === 1)).toBe(200);
});

test("a flagged reply is never drawn, but its row says how others were", () => {
  expect(samplerOf({ clear: 1 }).draw({ ...ended, flagged: true, scores: [scoreOf("a", 3)] })).toEqual({
    sampling: { clear: 1, near: 1, nearDetectors: [], drawn: null },
    sample: null,
  });
});

test("nothing is drawn without shares, of runs that broke, and of replies that nothing judged", () => {
  const scores = [scoreOf("a", 0.3)];
  expect(samplerOf({ clear: 0, near: 0 }).draw({ ...ended, scores })).toBeUndefined();
  expect(samplerOf({ clear: 1 }).draw({ ...ended, reason: "failed", scores })).toBeUndefined();
  expect(samplerOf({ clear: 1 }).draw({ ...ended, scores: [scoreOf("a", null)] })).toBeUndefined();
  expect(samplerOf({ clear: 1 }).draw({ ...ended, reason: "cancelled", scores })?.sample).not.toBeNull();
});

test("over many replies each stratum is kept as often as its share says", () => {
  const numbers = seededNumbers(7, 100_000);
  let at = 0;
  const next = () => numbers[at++] ?? 0;
  const sampler = samplerOf({ clear: 0.02, near: 0.4, nearShare: 0.1 }, next);
  const counts = { clear: 0, near: 0 };
  const kept = { clear: 0, near: 0 };
  for (let reply = 0; reply < 20_000; reply += 1) {
    const draw = sampler.draw({ ...ended, scores: [scoreOf("a", next())] });
    counts[draw?.sampling.nearDetectors.length === 1 ? "near" : "clear"] += 1;
    if (draw?.sample) kept[draw.sample.stratum] += 1;
  }
  expect(counts.near / 20_000).toBeCloseTo(0.1, 1.5);
  expect(kept.clear / counts.clear).toBeCloseTo(0.02, 2);
  expect(kept.near / counts.near).toBeCloseTo(0.4, 1.3);
});

test("a broken or silent detector has judged nothing", () => {
  expect(judged([scoreOf("a", null), scoreOf("b", 1, { error: "threw" }), scoreOf("c", 0)])).toHaveLength(1);
});
