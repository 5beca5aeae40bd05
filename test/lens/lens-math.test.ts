import { describe, expect, it } from "vitest";
import { createReader } from "../../src/lens/lens-math.ts";
import { planReads, type ReadPlan } from "../../src/lens/read-plan.ts";
import type { ConceptRead } from "../../src/lens/reading.ts";
import { formatTap } from "../../src/lens/tap.ts";
import { openForward, type ForwardResult } from "../../src/model/forward.ts";
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
    const plan = planReads({ reads: READS, background, vocabulary: TINY.vocabulary, contextTokens: 16 });
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

// One position, one tap; concept logits and the yardstick's log-sum-exp as given.
function readMade(plan: ReadPlan, made: { concepts: number[]; background?: number; exact?: number }): number {
  const result: ForwardResult = {
    positions: 1,
    logits: new Float32Array(),
    tapRows: new Float32Array(),
    conceptLogits: Float32Array.from(made.concepts),
    background: made.background === undefined ? [] : [Float32Array.of(made.background)],
    exact: made.exact === undefined ? new Float32Array() : Float32Array.of(made.exact),
  };
  return createReader(plan)(result, 0, 0).logOdds;
}

describe("the edges of a reading", () => {
  const tap = { layer: 0, point: "mlp_out" } as const;
  const planFor = (tokens: number[], yardstick: "background" | "exact") =>
    planReads({ reads: [{ tap, tokens, yardstick }], background, vocabulary: 160, contextTokens: 16 });

  it("never lets an exact probability rise above 1 by rounding", () => {
    expect(readMade(planFor([2], "exact"), { concepts: [7.0001], exact: 7 })).toBe(0);
    expect(readMade(planFor([2], "exact"), { concepts: [6], exact: 7 })).toBe(-1);
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
