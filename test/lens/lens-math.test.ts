import { describe, expect, it } from "vitest";
import { createReader } from "../../src/lens/lens-math.ts";
import { NO_LENS_MAPS, type LensMaps } from "../../src/lens/lens-maps.ts";
import { planReads, type ReadPlan } from "../../src/lens/read-plan.ts";
import type { ConceptRead, LensName } from "../../src/lens/reading.ts";
import { formatTap } from "../../src/lens/tap.ts";
import { openForward, planTaps, type ForwardResult } from "../../src/model/forward.ts";
import { openLensHead } from "../../src/model/lens-head.ts";
import { logSumExp } from "../../src/model/sampler.ts";
import { createSlot } from "../../src/model/slot.ts";
import { logitRow } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const SAMPLE = Array.from({ length: 50 }, (_, index) => 2 * index + 1);
const background = {
  tokens: Int32Array.from(SAMPLE),
  taps: new Map([["1.attn_out", Int32Array.of(4, 8, 15, 16, 23, 42)]]),
};
const READS: ConceptRead[] = [
  { tap: { layer: 0, point: "mlp_out" }, tokens: [2, 90], yardstick: "background" },
  { tap: { layer: 0, point: "mlp_out" }, tokens: [3, 5, 6], yardstick: "background" },
  { tap: { layer: 1, point: "attn_out" }, tokens: [42, 100], yardstick: "background" },
  { tap: { layer: 1, point: "attn_out" }, tokens: [42, 100], yardstick: "exact" },
];
const IDS = [5, 80, 33, 7];
const PLANNED = { background, vocabulary: TINY.vocabulary, contextTokens: 16, normEpsilon: 1e-5 };

// Score by the words of the definition, from the whole lens row.
function defined(lens: Float32Array, { tap, tokens, yardstick }: ConceptRead): number {
  const mass = (ids: readonly number[]) => logSumExp(Float32Array.from(ids, (id) => lens[id] ?? NaN));
  if (yardstick === "exact") return mass(tokens) - logSumExp(lens);
  const sample = Array.from(background.taps.get(formatTap(tap)) ?? background.tokens).filter(
    (id) => !tokens.includes(id),
  );
  return mass(tokens) - mass(sample) - Math.log(TINY.vocabulary / sample.length);
}

describe("a reading", () => {
  it("is the score of the definition, at every position and for every read", async () => {
    const model = await openTiny("exact");
    const plan = planReads({
      reads: READS,
      background,
      vocabulary: TINY.vocabulary,
      contextTokens: 16,
      normEpsilon: 1e-5,
    });
    const forward = await openForward({ model, plan: plan.forward });
    const result = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
    const head = await openLensHead({ model });
    const lens = await head.logits(result.tapRows);
    const reader = createReader(plan);
    IDS.forEach((_, position) =>
      READS.forEach((read, index) => {
        const row = logitRow(lens, position * 2 + read.tap.layer, TINY.vocabulary);
        const reading = reader(result, position, index);
        expect(Math.abs(reading.logOdds - defined(row, read))).toBeLessThan(1e-3);
        read.tokens.forEach((id, at) => expect(reading.logits[at]).toBeCloseTo(row[id] ?? NaN, 4));
      }),
    );
    await forward.close();
    await head.close();
  });
});

// Every reading of READS through one lens, position by position.
async function readThrough(lens: LensName, maps: LensMaps, ids: readonly number[][] = [IDS]): Promise<number[]> {
  const model = await openTiny("exact");
  const reads = READS.map((read) => ({ ...read, lens }));
  const plan = planReads({ ...PLANNED, reads, lenses: maps });
  const forward = await openForward({ model, plan: plan.forward });
  const reader = createReader(plan);
  const slot = createSlot(model.manifest.architecture);
  const scores: number[] = [];
  for (const chunk of ids) {
    const result = await forward.step(slot, chunk, "last");
    chunk.forEach((_, row) => READS.forEach((_read, index) => scores.push(reader(result, row, index).logOdds)));
  }
  await forward.close();
  return scores;
}

const { hidden } = TINY;
const NAMES = ["0.mlp_out", "1.attn_out"];
const filled = (value: (index: number) => number) => Float32Array.from({ length: hidden }, (_, index) => value(index));
const identity = Float32Array.from({ length: hidden * hidden }, (_, index) => (index % (hidden + 1) === 0 ? 1 : 0)); // [hidden, hidden]
const meansOf = (mean: Float32Array): LensMaps => ({
  means: new Map(NAMES.map((tap) => [tap, mean])),
  tuned: new Map(),
});
const tunedOf = (matrix: Float32Array, bias: Float32Array): LensMaps => ({
  means: new Map(),
  tuned: new Map(NAMES.map((tap) => [tap, { matrix, bias }])),
});
const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expect(Math.abs(value - (expected[index] ?? NaN))).toBeLessThan(1e-3));
};

describe("the other lenses", () => {
  it("are the logit lens when there is nothing to subtract and nothing to turn", async () => {
    const logit = await readThrough("logit", NO_LENS_MAPS);
    expectClose(await readThrough("centred", meansOf(filled(() => 0))), logit);
    expectClose(
      await readThrough(
        "tuned",
        tunedOf(
          identity,
          filled(() => 0),
        ),
      ),
      logit,
    );
  });

  it("subtract the mean before the norm: what adding minus the mean gives, too", async () => {
    const mean = filled((index) => Math.sin(index) / 3);
    const centred = await readThrough("centred", meansOf(mean));
    expectClose(
      await readThrough(
        "tuned",
        tunedOf(
          identity,
          mean.map((value) => -value),
        ),
      ),
      centred,
    );
    const logit = await readThrough("logit", NO_LENS_MAPS);
    expect(Math.max(...centred.map((value, index) => Math.abs(value - (logit[index] ?? NaN))))).toBeGreaterThan(0.1);
  });

  it("turn the row by the fitted matrix, one row of it an output", async () => {
    // Moves every number one place on: the transposed matrix would move them back.
    const shift = Float32Array.from({ length: hidden * hidden }, (_, at) =>
      at % hidden === (Math.floor(at / hidden) + 1) % hidden ? 1 : 0,
    ); // [hidden, hidden]
    const turned = await readThrough(
      "tuned",
      tunedOf(
        shift,
        filled(() => 0),
      ),
    );
    const model = await openTiny("exact");
    const forward = await openForward({ model, plan: planTaps(NAMES, 16) });
    const { tapRows } = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
    const moved = tapRows.map((_, at) => tapRows[at - (at % hidden) + ((at + 1) % hidden)] ?? NaN);
    const lens = await forward.lens(moved);
    await forward.close();
    const expected = IDS.flatMap((_, position) =>
      READS.map((read) => defined(logitRow(lens, position * 2 + read.tap.layer, TINY.vocabulary), read)),
    );
    expectClose(turned, expected);
  });

  it("say the same in chunks and whole", async () => {
    const maps = {
      ...meansOf(filled((index) => Math.cos(index))),
      tuned: tunedOf(
        identity,
        filled(() => 0.2),
      ).tuned,
    };
    for (const lens of ["centred", "tuned"] as const) {
      const whole = await readThrough(lens, maps);
      expectClose(await readThrough(lens, maps, [[5], [80, 33], [7]]), whole);
    }
  });
});

// One position, one tap; concept logits and the yardstick's log-sum-exp as given.
function readMade(
  plan: ReadPlan,
  made: { concepts: number[]; background?: number; exact?: number; within?: number[] },
): number {
  const result: ForwardResult = {
    positions: 1,
    logits: new Float32Array(),
    tapRows: new Float32Array(),
    conceptLogits: Float32Array.from(made.concepts),
    background: made.background === undefined ? [] : [Float32Array.of(made.background)],
    exact: made.exact === undefined ? new Float32Array() : Float32Array.of(made.exact),
    exactConcepts: Float32Array.from(made.within ?? made.concepts),
  };
  return createReader(plan)(result, 0, 0).logOdds;
}

describe("the edges of a reading", () => {
  const tap = { layer: 0, point: "mlp_out" } as const;
  const planFor = (tokens: number[], yardstick: "background" | "exact") =>
    planReads({
      reads: [{ tap, tokens, yardstick }],
      background,
      vocabulary: 160,
      contextTokens: 16,
      normEpsilon: 1e-5,
    });

  it("never lets an exact probability rise above 1 by rounding", () => {
    // In fast precision the two sides differ by up to 1: 7.6 in float32 is 6.9 of a mass of 7 in 8 bits.
    for (const [concept, within] of [
      [7.0001, 7],
      [7.6, 6.9],
      [9, 7.2],
    ] as const) {
      const score = readMade(planFor([2], "exact"), { concepts: [concept], exact: 7, within: [within] });
      expect(score).toBeLessThanOrEqual(0);
      expect(score).toBeGreaterThan(-0.1);
    }
    expect(readMade(planFor([2], "exact"), { concepts: [6], exact: 7 })).toBeCloseTo(-1, 6);
  });

  it("stays finite when the concept holds all of the sample's mass", () => {
    const score = readMade(planFor([3], "background"), { concepts: [7], background: 7 });
    expect(score).toBeCloseTo(12 - Math.log(160 / 49), 5);
  });

  it.each(["background", "exact"] as const)("shows a broken row as NaN, never as a low score (%s)", (yardstick) => {
    for (const tokens of [[2], [3]]) {
      expect(readMade(planFor(tokens, yardstick), { concepts: [NaN], background: 5, exact: 5 })).toBeNaN();
      expect(readMade(planFor(tokens, yardstick), { concepts: [1], background: NaN, exact: NaN })).toBeNaN();
    }
  });

  it("does not exist for a read that was not planned", () => {
    const reader = createReader(planFor([2], "exact"));
    expect(() => reader({} as ForwardResult, 0, 1)).toThrow("there is no read number 1");
  });
});
