import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Phase } from "../../src/detect/finding.ts";
import type { Kind, Positions } from "../../src/detect/kinds/kind.ts";
import { createPanel } from "../../src/detect/panel.ts";
import { tapsOfRead, type ConceptRead } from "../../src/lens/reading.ts";
import { loadedDetector, scriptedKind, stepAt } from "../support/scripted-kind.ts";

const read = (layer: number): ConceptRead => ({
  tap: { layer, point: "attn_out" },
  tokens: [layer],
  yardstick: "background",
});

/** Scores the log-odds of its first read, or of one it does not have. */
const readingKind = (name: string, index = 0): Kind => ({
  name,
  schema: z.unknown(),
  resolve: () => ({ reads: [], resolved: null, notes: [] }),
  start: () => ({ score: (step) => ({ score: step.reading(index).logOdds }) }),
});

function panelOf(...kinds: Kind[]) {
  return createPanel(
    kinds.map((kind) => loadedDetector(kind.name)),
    new Map(kinds.map((kind) => [kind.name, kind])),
  );
}

const always = (name: string, score: number): Kind =>
  scriptedKind(name, Object.fromEntries(Array.from({ length: 20 }, (_, position) => [position, { score }])));

describe("createPanel", () => {
  it("puts the reads of all detectors in one row and gives each its own", () => {
    const detectors = [loadedDetector("a", { reads: [read(1), read(2)] }), loadedDetector("b", { reads: [read(3)] })];
    const panel = createPanel(
      detectors,
      new Map([
        ["a", readingKind("a", 1)],
        ["b", readingKind("b", 0)],
      ]),
    );
    expect(panel.reads.flatMap(tapsOfRead).map(({ layer }) => layer)).toEqual([1, 2, 3]);
    const run = panel.start({ a: {}, b: {} });
    const step = stepAt(1, { reading: (index) => ({ logOdds: index / 10, logits: new Float32Array(1) }) });
    expect(run.judge(step)).toMatchObject([
      { detector: "a", score: 0.1 },
      { detector: "b", score: 0.2 },
    ]);
  });

  it("treats a read that a detector did not ask for as an error", () => {
    const detectors = [loadedDetector("a", { reads: [read(1)] }), loadedDetector("b", { reads: [read(2)] })];
    const panel = createPanel(
      detectors,
      new Map([
        ["a", readingKind("a", 1)],
        ["b", readingKind("b", 0)],
      ]),
    );
    const step = stepAt(1, { reading: () => ({ logOdds: 0, logits: new Float32Array(1) }) });
    expect(
      panel
        .start({ a: {}, b: {} })
        .judge(step)
        .map(({ verdict }) => verdict),
    ).toEqual(["error", "clear"]);
  });

  it("runs only the detectors that the rules name", () => {
    const run = panelOf(always("a", 5), always("b", 5)).start({ b: {} });
    expect(run.judge(stepAt(1)).map(({ detector }) => detector)).toEqual(["b"]);
    expect(run.scores().map(({ detector }) => detector)).toEqual(["b"]);
  });

  it("refuses rules for a detector that is not loaded, and detectors whose kind is missing", () => {
    expect(() => panelOf(always("a", 0)).start({ z: {} })).toThrow("detector z is not loaded");
    expect(() => createPanel([loadedDetector("a")], new Map())).toThrow(/kind a, which is not loaded/);
  });

  it.each<[Positions, readonly boolean[]]>([
    ["prompt", [true, true, false]],
    ["generation", [false, true, true]],
    ["both", [true, true, true]],
  ])("judges %s where it belongs, the last prompt position on both sides", (positions, expected) => {
    const phases: Phase[] = ["prompt", "both", "generation"];
    const byRule = panelOf(always("a", 0)).start({ a: { positions } });
    expect(phases.map((phase, index) => byRule.judge(stepAt(index, { phase })).length === 1)).toEqual(expected);
    const detectors = [loadedDetector("a", { positions })];
    const byDefinition = createPanel(detectors, new Map([["a", always("a", 0)]])).start({ a: {} });
    expect(phases.map((phase, index) => byDefinition.judge(stepAt(index, { phase })).length === 1)).toEqual(expected);
  });

  it("carries the aggregate from the prompt into the generation", () => {
    const detectors = [loadedDetector("a", { aggregate: { type: "k_of_n", k: 2, n: 2, start: 0 } })];
    const run = createPanel(detectors, new Map([["a", always("a", 2)]])).start({ a: {} });
    expect(run.judge(stepAt(1, { phase: "both" }))[0]?.verdict).toBe("clear");
    expect(run.judge(stepAt(2))[0]?.verdict).toBe("fired");
  });

  it("keeps requests apart", () => {
    const panel = createPanel(
      [loadedDetector("a", { aggregate: { type: "max" } })],
      new Map([["a", scriptedKind("a", { 1: { score: 3 }, 2: { score: 0 } })]]),
    );
    const [one, other] = [panel.start({ a: {} }), panel.start({ a: {} })];
    one.judge(stepAt(1));
    expect(one.judge(stepAt(2))[0]?.verdict).toBe("fired");
    expect(other.judge(stepAt(2))[0]?.verdict).toBe("clear");
  });

  it("tells the scores of the last step in the order of the rules, null where nothing was judged", () => {
    const run = panelOf(always("a", 0.25), always("b", 0.5), scriptedKind("c", { 1: { score: Number.NaN } })).start({
      b: {},
      a: { positions: "prompt" },
      c: {},
    });
    expect(run.lastScores()).toEqual([null, null, null]);
    run.judge(stepAt(1, { phase: "both" }));
    expect(run.lastScores()).toEqual([0.5, 0.25, null]);
    run.judge(stepAt(2));
    expect(run.lastScores()).toEqual([0.5, null, null]);
  });

  it("asks a detector on demand only when it is called for, and knows its score there", () => {
    const run = panelOf(always("a", 0.25), always("b", 5)).start({ a: {}, b: { positions: "both", onDemand: true } });
    expect(run.judge(stepAt(1)).map(({ detector }) => detector)).toEqual(["a"]);
    expect(run.lastScores()).toEqual([0.25, null]);
    expect(run.ask("b", stepAt(1))).toMatchObject({ detector: "b", verdict: "fired", score: 5 });
    expect(run.lastScores()).toEqual([0.25, 5]);
    run.judge(stepAt(2));
    expect(run.lastScores()).toEqual([0.25, null]);
    expect(() => run.ask("a", stepAt(2))).toThrow("detector a does not judge on demand");
    expect(() => run.ask("z", stepAt(2))).toThrow("detector z does not judge on demand");
  });

  it("finds a loaded detector by its id", () => {
    const panel = panelOf(always("a", 0));
    expect([panel.find("a")?.threshold, panel.find("z")]).toEqual([1, undefined]);
  });

  it("counts runs by detector, phase and verdict", () => {
    let nowMs = 0;
    const detectors = [loadedDetector("a")];
    const kinds = new Map([["a", always("a", 0)]]);
    const run = createPanel(detectors, kinds, { now: () => (nowMs += 500) }).start({ a: {} });
    for (const phase of ["prompt", "both", "generation"] as const) run.judge(stepAt(1, { phase }));
    expect(run.runs()).toEqual([
      { detector: "a", phase: "prompt", verdict: "clear", errorType: "", count: 2, seconds: 1 },
      { detector: "a", phase: "generation", verdict: "clear", errorType: "", count: 1, seconds: 0.5 },
    ]);
  });

  it("times a detector out after its budget", () => {
    let nowMs = 0;
    const run = createPanel([loadedDetector("a")], new Map([["a", always("a", 0)]]), {
      budgetMs: 10,
      now: () => (nowMs += 11),
    }).start({ a: {} });
    expect(run.judge(stepAt(1))).toMatchObject([{ verdict: "error", errorType: "timeout" }]);
    expect(run.judge(stepAt(2))).toEqual([]);
    expect(run.scores()).toMatchObject([{ error: "timeout: one step took 11 ms, over 10" }]);
  });
});

describe("the thread's mark", () => {
  const told = () => {
    const calls: string[] = [];
    const mark = {
      begin: (detector: number, work: string) => calls.push(`${detector} ${work}`),
      end: () => calls.push("end"),
    };
    return { calls, mark };
  };
  const open = (kinds: readonly Kind[], options: Parameters<typeof createPanel>[2]) =>
    createPanel(
      kinds.map(({ name }) => loadedDetector(name)),
      new Map(kinds.map((kind) => [kind.name, kind])),
      options,
    );

  it("says which detector has the thread, by its place and not by its rule, also when it throws", () => {
    const { calls, mark } = told();
    const throws = scriptedKind("throws", {
      1: () => {
        throw new Error("no");
      },
    });
    const run = open([always("a", 0), throws], { mark }).start({ throws: {}, a: {} });
    expect(calls).toEqual(["1 start", "end", "0 start", "end"]);
    calls.length = 0;
    expect(run.judge(stepAt(1)).map(({ verdict }) => verdict)).toEqual(["error", "clear"]);
    run.judge(stepAt(2));
    expect(calls).toEqual(["1 score", "end", "0 score", "end", "0 score", "end"]);
  });

  it("never gives the thread to a detector that did not come back once: that is an error of every request", () => {
    const { calls, mark } = told();
    const panel = open([always("a", 0), always("b", 0)], { mark, stuck: new Set(["b"]) });
    for (const _request of [1, 2]) {
      const run = panel.start({ a: {}, b: {} });
      expect(run.judge(stepAt(1))).toMatchObject([
        { detector: "a", verdict: "clear" },
        { detector: "b", verdict: "error", errorType: "stuck" },
      ]);
      expect(run.judge(stepAt(2))).toMatchObject([{ detector: "a" }]);
      expect(run.scores()[1]).toMatchObject({ detector: "b", score: null, fired: false });
    }
    expect(calls.filter((call) => call.startsWith("1"))).toEqual([]);
  });
});
