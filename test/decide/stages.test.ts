import { describe, expect, it } from "vitest";
import type { DetectorRule, Policy } from "../../src/decide/policy.ts";
import { CONFIRMED_WITHIN, startStages } from "../../src/decide/stages.ts";
import type { RawScore } from "../../src/detect/kinds/kind.ts";
import { createPanel } from "../../src/detect/panel.ts";
import { loadedDetector, scriptedKind, stepAt } from "../support/scripted-kind.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

type Script = Readonly<Record<number, number | undefined>>;

const rule = (changes: Partial<DetectorRule> = {}): DetectorRule => ({
  action: "abort",
  onError: "closed",
  ...changes,
});

/** Detectors with threshold 1 that score what is written; NaN breaks one. `asked` has the positions at which each judged. */
function start(scripts: Readonly<Record<string, Script>>, policy: Partial<Policy>) {
  const asked: Record<string, number[]> = Object.fromEntries(Object.keys(scripts).map((id) => [id, []]));
  const kinds = Object.entries(scripts).map(([id, script]) => {
    const entry = (position: number) => (): RawScore | undefined => {
      asked[id]?.push(position);
      const score = script[position];
      return score === undefined ? { score: 0 } : { score };
    };
    return scriptedKind(id, Object.fromEntries(Array.from({ length: 100 }, (_, at) => [at, entry(at)])));
  });
  const panel = createPanel(
    kinds.map(({ name }) => loadedDetector(name)),
    new Map(kinds.map((kind) => [kind.name, kind])),
  );
  const run = startStages(panel, {
    name: "p",
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: {},
    ...policy,
  });
  const judge = (position: number) =>
    run.judge(stepAt(position)).map(({ detector, verdict }) => `${detector} ${verdict}`);
  return { run, judge, asked };
}

describe("without stages", () => {
  it("is the panel's own run", () => {
    const { run, judge } = start({ a: { 1: 2 }, b: {} }, { detectors: { b: rule(), a: rule() } });
    expect(judge(1)).toEqual(["b clear", "a fired"]);
    expect(run.scores().map(({ detector, fired }) => [detector, fired])).toEqual([
      ["b", false],
      ["a", true],
    ]);
    expect([run.lastScores(), run.unconfirmed(), run.runs().length]).toEqual([[0, 2], [], 2]);
  });
});

describe("a confirming detector", () => {
  const pair = (changes: Partial<DetectorRule> = {}) => ({
    detectors: { cheap: rule({ confirmWith: "dear", ...changes }) },
  });

  it("judges only where the first is warm", () => {
    const { judge, asked, run } = start({ cheap: { 2: 0.5, 3: 0.4, 4: 1 }, dear: {} }, pair({ warmAt: 0.5 }));
    for (const position of [1, 2, 3, 4]) judge(position);
    expect(asked).toEqual({ cheap: [1, 2, 3, 4], dear: [2, 4] });
    expect(run.lastScores()).toEqual([1, 0]);
    judge(5);
    expect(run.lastScores()).toEqual([0, null]);
  });

  it("is asked from the first's threshold on where nothing is said", () => {
    const { judge, asked } = start({ cheap: { 1: 0.99, 2: 1 }, dear: {} }, pair());
    judge(1);
    judge(2);
    expect(asked["dear"]).toEqual([2]);
  });

  it("makes a firing count at the same position, and leaves it clear otherwise", () => {
    const { judge, run } = start({ cheap: { 1: 3, 2: 3 }, dear: { 2: 3 } }, pair());
    expect(judge(1)).toEqual(["cheap clear"]);
    expect([run.unconfirmed(), run.scores()[0]?.fired]).toEqual([["cheap"], false]);
    expect(judge(2)).toEqual(["cheap fired"]);
    expect(run.scores()).toMatchObject([
      { detector: "cheap", fired: true, score: 3 },
      { detector: "dear", fired: true, score: 3 },
    ]);
  });

  it("still confirms sixteen judged positions later, and not one more", () => {
    const script = { 1: 2, [1 + CONFIRMED_WITHIN]: 2, [2 + CONFIRMED_WITHIN]: 2 };
    const { judge } = start({ cheap: script, dear: { 1: 2 } }, pair());
    const fired = Array.from({ length: 20 }, (_, index) => judge(index + 1)).map(([first]) => first === "cheap fired");
    expect(fired.flatMap((isFired, index) => (isFired ? [index + 1] : []))).toEqual([1, 17]);
  });

  it("may be warm without the first firing, and confirm it later", () => {
    const { judge } = start({ cheap: { 1: 0.6, 4: 1 }, dear: { 1: 2 } }, pair({ warmAt: 0.5 }));
    expect([1, 2, 3, 4].map((position) => judge(position)[0])).toEqual([
      "cheap clear",
      "cheap clear",
      "cheap clear",
      "cheap fired",
    ]);
  });

  it("is an error of the pair when it breaks, and confirms no more", () => {
    const { judge, run } = start({ cheap: { 1: 2, 2: 2 }, dear: { 1: Number.NaN } }, pair({ onError: "open" }));
    expect(judge(1)).toEqual(["cheap clear", "dear error"]);
    expect(judge(2)).toEqual(["cheap clear"]);
    expect([run.unconfirmed(), run.scores()[1]?.error]).toEqual([["cheap"], "not_finite: the score is NaN"]);
  });

  it("judges everywhere, and acts, when it has a rule of its own", () => {
    const { judge, asked } = start(
      { cheap: { 3: 2 }, dear: { 2: 2 } },
      { detectors: { cheap: rule({ confirmWith: "dear" }), dear: rule({ action: "flag" }) } },
    );
    expect([1, 2, 3].map((position) => judge(position))).toEqual([
      ["cheap clear", "dear clear"],
      ["cheap clear", "dear fired"],
      ["cheap fired", "dear clear"],
    ]);
    expect(asked["dear"]).toEqual([1, 2, 3]);
  });

  it("may have the name of an object's member", () => {
    const { judge } = start(
      { cheap: { 1: 2 }, constructor: { 1: 2 } },
      { detectors: { cheap: rule({ confirmWith: "constructor" }) } },
    );
    expect(judge(1)).toEqual(["cheap fired"]);
  });

  it("is asked once a position by all that it confirms", () => {
    const { judge, asked } = start(
      { one: { 1: 2 }, other: { 1: 2 }, dear: { 1: 2 } },
      { detectors: { one: rule({ confirmWith: "dear" }), other: rule({ confirmWith: "dear" }) } },
    );
    expect(judge(1)).toEqual(["one fired", "other fired"]);
    expect(asked["dear"]).toEqual([1]);
  });

  it("holds against brute force", () => {
    const scores = (seed: number) =>
      Object.fromEntries(seededNumbers(seed, 100).map((value, index) => [index, value * 1.6]));
    const [cheap, dear] = [scores(11), scores(12)];
    const { judge } = start({ cheap, dear }, pair({ warmAt: 0.7 }));
    for (let position = 0; position < 100; position += 1) {
      const window = Array.from({ length: CONFIRMED_WITHIN + 1 }, (_, back) => position - back).filter((at) => at >= 0);
      const isConfirmed = window.some((at) => (cheap[at] ?? 0) >= 0.7 && (dear[at] ?? 0) >= 1);
      const isFired = (cheap[position] ?? 0) >= 1 && isConfirmed;
      expect(judge(position)).toEqual([isFired ? "cheap fired" : "cheap clear"]);
    }
  });
});

describe("combinations", () => {
  it("judge after confirmation, with a column, a score row and a count of their own", () => {
    const { judge, run } = start(
      { cheap: { 1: 2, 2: 2 }, dear: { 2: 2 }, other: { 2: 3 } },
      {
        detectors: { cheap: rule({ confirmWith: "dear" }), other: rule({ action: "observe" }) },
        combine: {
          both: { of: ["cheap", "other"], rule: "all", withinTokens: 1, threshold: 2, action: "flag" },
          sum: {
            of: ["cheap", "other"],
            rule: "weighted",
            weights: { cheap: 1, other: 1 },
            withinTokens: 16,
            threshold: 4,
            action: "flag",
          },
        },
      },
    );
    expect(judge(1)).toEqual(["cheap clear", "other clear", "both clear", "sum clear"]);
    expect(judge(2)).toEqual(["cheap fired", "other fired", "both fired", "sum fired"]);
    expect(run.lastScores()).toEqual([2, 3, 2, 2, 5]);
    expect(run.scores().map(({ detector, score }) => [detector, score])).toEqual([
      ["cheap", 2],
      ["other", 3],
      ["dear", 2],
      ["both", 2],
      ["sum", 5],
    ]);
    expect(
      run
        .runs()
        .filter(({ detector }) => detector === "sum")
        .map(({ verdict, count }) => [verdict, count]),
    ).toEqual([
      ["clear", 1],
      ["fired", 1],
    ]);
  });

  it("keep requests apart", () => {
    const combine = {
      any: { of: ["a"], rule: "any" as const, withinTokens: 9, threshold: 1, action: "flag" as const },
    };
    const policy = { detectors: { a: rule({ action: "observe" as const }) }, combine };
    const [one, other] = [start({ a: { 1: 2 } }, policy), start({ a: {} }, policy)];
    one.judge(1);
    other.judge(1);
    expect([one.judge(2)[1], other.judge(2)[1]]).toEqual(["any fired", "any clear"]);
  });
});

describe("the cost of a clear position", () => {
  it("is a few microseconds a detector, confirmations and combinations included", () => {
    const ids = Array.from({ length: 20 }, (_, index) => `d${index}`);
    const kinds = ids.map((id) => ({ ...scriptedKind(id, {}), start: () => ({ score: () => ({ score: 0 }) }) }));
    const panel = createPanel(
      ids.map((id) => loadedDetector(id)),
      new Map(kinds.map((kind) => [kind.name, kind])),
    );
    const run = startStages(panel, {
      name: "p",
      mode: "enforce",
      holdTokens: 1,
      onAbort: "finish",
      promptScope: "new",
      detectors: Object.fromEntries(ids.slice(0, 19).map((id) => [id, rule({ confirmWith: "d19" })])),
      combine: { any: { of: ids.slice(0, 19), rule: "any", withinTokens: 16, threshold: 1, action: "flag" } },
    });
    const step = stepAt(1);
    for (let warm = 0; warm < 2000; warm += 1) run.judge(step);
    const best = Math.min(
      ...Array.from({ length: 20 }, () => {
        const beganMs = performance.now();
        for (let count = 0; count < 200; count += 1) run.judge(step);
        return (performance.now() - beganMs) / 200;
      }),
    );
    expect((best * 1000) / 19).toBeLessThan(10);
  });
});
