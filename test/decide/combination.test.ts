import { describe, expect, it } from "vitest";
import { startCombination } from "../../src/decide/combination.ts";
import type { Combination } from "../../src/decide/policy.ts";
import type { Finding, Phase } from "../../src/detect/finding.ts";
import { logRatioAt, type Likelihood } from "../../src/detect/likelihood.ts";
import type { RunSample } from "../../src/detect/run-counter.ts";
import { clearFinding, errorFinding, firedFinding } from "../support/findings.ts";
import { calibratedWith, loadedDetector, stepAt } from "../support/scripted-kind.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

const CURVE: Likelihood = { scores: [0, 1, 2], log_ratios: [-2, 0, 3] };
const anyOf = (changes: Partial<Combination> = {}): Combination => ({
  of: ["a", "b", "c"],
  rule: "any",
  withinTokens: 3,
  threshold: 1,
  action: "abort",
  ...changes,
});

function start(combination: Combination) {
  const samples: RunSample[] = [];
  const run = startCombination({
    name: "team",
    combination,
    find: (id) => loadedDetector(id, { calibration: calibratedWith(CURVE) }),
    count: (sample) => samples.push(sample),
    now: () => 0,
  });
  return { ...run, samples, at: (position: number, ...findings: Finding[]) => run.judge(stepAt(position), findings) };
}

describe("a combination", () => {
  it("fires like a detector, naming the members that speak for it", () => {
    const team = start(anyOf());
    expect(team.at(1, clearFinding("a", 0.5), clearFinding("b", 0), clearFinding("c", 0))).toEqual({
      verdict: "clear",
      detector: "team",
      position: 1,
      score: 0,
    });
    const fired = team.at(2, firedFinding("a", 2), clearFinding("b", 0), firedFinding("c", 3));
    expect(fired).toEqual({
      verdict: "fired",
      level: "abort",
      detector: "team",
      position: 2,
      score: 2,
      raw: 2,
      threshold: 1,
      phase: "generation",
      token: { id: 102, text: " t2" },
      names: [
        { name: "a", share: 0.5 },
        { name: "c", share: 0.5 },
      ],
    });
    expect([team.lastScore(), team.summary()]).toEqual([
      2,
      {
        detector: "team",
        hash: expect.stringMatching(/^[0-9a-f]{16}$/),
        score: 2,
        position: 2,
        tap: null,
        fired: true,
        error: null,
      },
    ]);
    expect(team.samples.map(({ detector, verdict }) => `${detector} ${verdict}`)).toEqual(["team clear", "team fired"]);
  });

  it("says nothing before any member spoke, and where it does not judge", () => {
    const team = start(anyOf({ positions: "generation" }));
    const judge = (phase: Phase, ...findings: Finding[]) => team.judge(stepAt(1, { phase }), findings);
    expect(judge("both")).toBeUndefined();
    expect(judge("prompt", firedFinding("a", 2))).toBeUndefined();
    expect(team.lastScore()).toBeNull();
    // What members said there is remembered all the same.
    expect(judge("generation")?.verdict).toBe("fired");
  });

  it("leaves a broken member out, and is silent when none is left", () => {
    const all = start(anyOf({ rule: "all", of: ["a", "b"], threshold: 2 }));
    expect(all.at(1, firedFinding("a", 2), clearFinding("b", 0))?.verdict).toBe("clear");
    expect(all.at(2, firedFinding("a", 2), errorFinding("b"))).toMatchObject({
      verdict: "fired",
      score: 1,
      threshold: 1,
    });
    expect(all.at(3, errorFinding("a"))).toBeUndefined();
  });

  it("waits for every member where scores are weighed, and takes one that was not heard for no evidence in a ratio", () => {
    const weighted = start(anyOf({ rule: "weighted", weights: { a: 1, b: 1, c: -2 }, threshold: 5 }));
    expect(weighted.at(1, firedFinding("a", 90), clearFinding("b", 0))).toBeUndefined();
    expect(weighted.at(2, clearFinding("c", 40))).toMatchObject({ verdict: "fired", score: 10 });
    const ratio = start(anyOf({ rule: "likelihood_ratio", threshold: 3 }));
    expect(ratio.at(1, firedFinding("a", 9))).toMatchObject({ verdict: "fired", score: 3, logRatio: 3 });
  });

  it("is broken by a sum that is no number, and speaks of it once", () => {
    const team = start(anyOf({ rule: "weighted", of: ["a"], weights: { a: 1e6 }, threshold: 5 }));
    expect(team.at(1, clearFinding("a", 1e306))).toMatchObject({ verdict: "error", errorType: "not_finite" });
    expect(team.at(2, clearFinding("a", 1))).toBeUndefined();
    expect(team.summary()).toMatchObject({ score: null, error: "not_finite: the score is Infinity" });
  });

  it("refuses members that are not loaded or not weighable", () => {
    const options = { name: "team", count: () => undefined, now: () => 0 };
    const combination = anyOf({ rule: "likelihood_ratio", threshold: 3 });
    expect(() => startCombination({ ...options, combination, find: () => undefined })).toThrow("which is not loaded");
    expect(() => startCombination({ ...options, combination, find: (id) => loadedDetector(id) })).toThrow(
      "the combination team weighs the detector a, which has no calibration.likelihood",
    );
  });

  it("has another hash with other members, weights or thresholds", () => {
    const hash = (changes: Partial<Combination>) => start(anyOf(changes)).summary().hash;
    const hashes = [{}, { of: ["a", "b"] }, { threshold: 2 }, { withinTokens: 4 }, { rule: "all" as const }].map(hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hash({})).toBe(hashes[0]);
  });
});

describe("a combination against brute force", () => {
  const IDS = ["a", "b", "c"];
  const chances = seededNumbers(5, 60 * IDS.length * 2);
  /** At each of 60 positions what each detector says: nothing, clear or fired, at a score. */
  const history = Array.from({ length: 60 }, (_, position) =>
    IDS.flatMap((id, index) => {
      const [choice = 0, score = 0] = chances.slice((position * IDS.length + index) * 2);
      if (choice < 0.2) return [];
      const value = score * 2;
      return [value >= 1.8 ? firedFinding(id, value, position) : clearFinding(id, value, position)];
    }),
  );
  const lastOf = (id: string, position: number) =>
    history
      .slice(0, position + 1)
      .flat()
      .findLast(({ detector }) => detector === id);
  const scoreOf = (id: string, position: number) => {
    const finding = lastOf(id, position);
    return finding?.score;
  };
  const weights: Record<string, number> = { a: 2, b: -1, c: 0.5 };

  function expected({ of, rule, withinTokens }: Combination, position: number): number | undefined {
    const scores = of.map((id) => scoreOf(id, position));
    if (scores.every((score) => score === undefined)) return undefined;
    if (rule === "any" || rule === "all") {
      const recent = history.slice(Math.max(0, position + 1 - withinTokens), position + 1).flat();
      const fired = recent.filter(({ verdict }) => verdict === "fired").map(({ detector }) => detector);
      return of.filter((id) => fired.includes(id)).length;
    }
    if (rule === "weighted") {
      if (scores.includes(undefined)) return undefined;
      return of.reduce((sum, id, index) => sum + (weights[id] ?? 0) * (scores[index] ?? 0), 0);
    }
    return scores.reduce<number>((sum, score) => sum + (score === undefined ? 0 : logRatioAt(CURVE, score)), 0);
  }

  const shapes: Combination[] = [IDS, ["a", "c"], ["b"]].flatMap((of) =>
    [1, 2, 5, 16].flatMap((withinTokens): Combination[] => [
      anyOf({ of, withinTokens }),
      anyOf({ of, withinTokens, rule: "all", threshold: of.length }),
      anyOf({ of, withinTokens, rule: "weighted", threshold: 1, weights }),
      anyOf({ of, withinTokens, rule: "likelihood_ratio", threshold: 0.5 }),
    ]),
  );

  it.each(shapes)("holds at every position: %o", (combination) => {
    const team = start(combination);
    let fired = 0;
    history.forEach((findings, position) => {
      const finding = team.at(position, ...findings);
      const score = expected(combination, position);
      if (score === undefined) expect(finding).toBeUndefined();
      else {
        expect(finding).toMatchObject({
          verdict: score >= combination.threshold ? "fired" : "clear",
          score: expect.closeTo(score, 12),
        });
        if (score >= combination.threshold) fired += 1;
      }
    });
    expect(team.summary().fired).toBe(fired > 0);
  });
});
