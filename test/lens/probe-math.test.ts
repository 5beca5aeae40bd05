import { describe, expect, it } from "vitest";
import { createReader } from "../../src/lens/lens-math.ts";
import { createProbeParts } from "../../src/lens/probe-math.ts";
import { planReads, type PlannedProbe } from "../../src/lens/read-plan.ts";
import type { ConceptRead, ProbeRead } from "../../src/lens/reading.ts";
import { parseTap } from "../../src/lens/tap.ts";
import { openForward, type ForwardResult } from "../../src/model/forward.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const EPSILON = 1e-5;
const IDS = [5, 80, 33, 7];
const { hidden } = TINY;

function probe(taps: readonly string[], seed: number): ProbeRead {
  const directions = Float32Array.from({ length: taps.length * hidden }, (_, index) => Math.sin(seed + 1.3 * index)); // [taps, hidden]
  return { taps: taps.map((tap) => parseTap(tap, TINY.layers)), directions, bias: seed };
}

// In the names of the taps that the plan returns.
const PROBES = [probe(["0.mlp_out", "1.resid_post"], 0.25), probe(["1.resid_post"], -2), probe(["1.attn_out"], 3)];
const CONCEPT: ConceptRead = { tap: parseTap("1.attn_out", 2), tokens: [3], yardstick: "exact" };
const READS = [...PROBES.slice(0, 2), CONCEPT, ...PROBES.slice(2)];
const TAPS = ["0.mlp_out", "1.resid_post", "1.attn_out"];

async function readAll(chunks: readonly number[][]) {
  const model = await openTiny("exact");
  const background = { tokens: Int32Array.of(1), taps: new Map<string, Int32Array>() };
  const plan = planReads({ reads: READS, background, vocabulary: 160, contextTokens: 16, normEpsilon: EPSILON });
  expect(plan.forward.taps).toEqual(TAPS);
  const forward = await openForward({ model, plan: plan.forward });
  const reader = createReader(plan);
  const slot = createSlot(model.manifest.architecture);
  const rows: { scores: number[]; shares: number[][]; tapRows: Float32Array }[] = [];
  for (const chunk of chunks) {
    const result = await forward.step(slot, chunk, "last");
    chunk.forEach((_, row) => {
      const readings = [0, 1, 3].map((index) => reader(result, row, index));
      const width = TAPS.length * hidden;
      rows.push({
        scores: readings.map(({ logOdds }) => logOdds),
        shares: readings.map(({ logits }) => Array.from(logits)),
        tapRows: result.tapRows.slice(row * width, (row + 1) * width),
      });
    });
  }
  await forward.close();
  return rows;
}

// The definition in plain float64, tap by tap.
function contributions({ taps, directions }: ProbeRead, tapRows: Float32Array): number[] {
  return taps.map(({ layer, point }, tap) => {
    const from = TAPS.indexOf(`${layer}.${point}`) * hidden;
    const row = Array.from(tapRows.subarray(from, from + hidden));
    const rms = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / hidden + EPSILON);
    return row.reduce((sum, value, index) => sum + (value / rms) * (directions[tap * hidden + index] ?? NaN), 0);
  });
}

describe("a probe", () => {
  it("scores bias plus direction times normed row, and says what each tap adds", async () => {
    for (const { scores, shares, tapRows } of await readAll([IDS])) {
      PROBES.forEach((read, index) => {
        const expected = contributions(read, tapRows);
        expect(scores[index]).toBeCloseTo(read.bias + expected.reduce((sum, value) => sum + value, 0), 6);
        expected.forEach((value, tap) => expect(shares[index]?.[tap]).toBeCloseTo(value, 4));
      });
    }
  });

  it("scores the same in chunks and whole", async () => {
    const whole = (await readAll([IDS])).flatMap(({ scores }) => scores);
    const chunked = (await readAll([[5], [80, 33], [7]])).flatMap(({ scores }) => scores);
    chunked.forEach((score, index) => expect(score).toBeCloseTo(whole[index] ?? NaN, 3));
  });

  const plan = { forward: { taps: ["a"] }, normEpsilon: EPSILON } as unknown as Parameters<typeof createProbeParts>[0];
  const scoreWith = () => {
    const partsOf = createProbeParts(plan);
    return (read: PlannedProbe, result: ForwardResult, row: number) =>
      partsOf(read, { result, row }).reduce((sum, part) => sum + part, read.bias);
  };
  const made = (row: readonly number[]): ForwardResult => ({
    positions: 1,
    logits: new Float32Array(),
    tapRows: Float32Array.from(row),
    conceptLogits: new Float32Array(),
    background: [],
    exact: new Float32Array(),
    exactConcepts: new Float32Array(),
  });
  const direct = (directions: readonly number[]): PlannedProbe => ({
    type: "probe",
    taps: Int32Array.of(0),
    directions: Float32Array.from(directions),
    bias: 1,
  });

  it("shows a broken row as NaN, also where its direction is zero", () => {
    const score = scoreWith();
    for (const broken of [NaN, Infinity, -Infinity]) {
      for (const directions of [
        [1, 1, 1],
        [0, 1, 1],
      ]) {
        expect(score(direct(directions), made([broken, 2, 3]), 0)).toBeNaN();
      }
    }
  });

  it("scores rows of zeros as the bias, and handles sizes that are no multiple of four", () => {
    const score = scoreWith();
    expect(score(direct([1, 2, 3, 4, 5]), made([0, 0, 0, 0, 0]), 0)).toBe(1);
    const rms = Math.sqrt(11 + EPSILON);
    expect(score(direct([1, 2, 3, 4, 5]), made([1, 2, 3, 4, 5]), 0)).toBeCloseTo(1 + 55 / rms, 6);
  });

  it("does not take one result's scale for another's", () => {
    const score = scoreWith();
    const [small, large] = [made([1, 1]), made([5, 0])];
    const read = direct([1, 0]);
    for (const [result, expected] of [
      [small, 2],
      [large, 1 + Math.SQRT2],
      [small, 2],
    ] as const) {
      expect(score(read, result, 0)).toBeCloseTo(expected, 3);
    }
  });
});
