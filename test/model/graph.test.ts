import { describe, expect, it } from "vitest";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { openForward, type ForwardResult } from "../../src/model/forward.ts";
import { buildForwardGraph } from "../../src/model/graph.ts";
import { openLensHead } from "../../src/model/lens-head.ts";
import { logSumExp } from "../../src/model/sampler.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openVendored } from "../support/prepared-model.ts";
import { logitRow, planOf } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const { vocabulary } = TINY;
const TAPS = ["0.mlp_out", "1.attn_out", "1.resid_mid"];
const CONCEPT = [12, 3, 140];
const SHARED = Array.from({ length: 40 }, (_, index) => 3 * index);
const OWN = [150, 2, 77];
const IDS = [5, 80, 33, 7, 7];

interface Read {
  readonly result: ForwardResult;
  /** Lens logits of one tap at one position, from the whole unembedding. `[vocabulary]` */
  readonly lens: (position: number, tap: number) => Float32Array;
}

async function read(precision: "fast" | "exact", untied: boolean): Promise<Read> {
  const model = await openTiny(precision, { untied });
  const background = [
    { views: [2, 0], tokens: Int32Array.from(SHARED) },
    { views: [1], tokens: Int32Array.from(OWN) },
  ];
  const plan = planOf(TAPS, { conceptTokens: Int32Array.from(CONCEPT), background, exact: [2] });
  const forward = await openForward({ model, plan });
  const result = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
  const head = await openLensHead({ model });
  const logits = await head.logits(result.tapRows); // [positions × taps, vocabulary]
  await forward.close();
  await head.close();
  return { result, lens: (position, tap) => logitRow(logits, position * TAPS.length + tap, vocabulary) };
}

const massOf = (lens: Float32Array, tokens: readonly number[]) =>
  logSumExp(Float32Array.from(tokens, (id) => lens[id] ?? NaN));

describe.each([
  ["exact", false, 1e-4],
  ["exact", true, 1e-4],
  // 8-bit products round their input; rows read as float32 do not.
  ["fast", false, 0.15],
  ["fast", true, 0.15],
] as const)("what the graph reads beside the model in %s precision (untied: %s)", (precision, untied, bound) => {
  it("is the lens's own value of every concept token", async () => {
    const { result, lens } = await read(precision, untied);
    IDS.forEach((_, position) =>
      TAPS.forEach((_tap, tap) =>
        CONCEPT.forEach((id, column) => {
          const got = result.conceptLogits[(position * TAPS.length + tap) * CONCEPT.length + column] ?? NaN;
          expect(Math.abs(got - (lens(position, tap)[id] ?? NaN))).toBeLessThan(bound);
        }),
      ),
    );
  });

  it("is the log-sum-exp over each group's sample, in the order of its taps", async () => {
    const { result, lens } = await read(precision, untied);
    IDS.forEach((_, position) => {
      [2, 0].forEach((tap, index) => {
        const got = result.background[0]?.[position * 2 + index] ?? NaN;
        expect(Math.abs(got - massOf(lens(position, tap), SHARED))).toBeLessThan(bound);
      });
      expect(Math.abs((result.background[1]?.[position] ?? NaN) - massOf(lens(position, 1), OWN))).toBeLessThan(bound);
    });
  });

  it("has the concepts' logits as they stand in the mass over the whole vocabulary, so that they never outweigh it", async () => {
    const { result, lens } = await read(precision, untied);
    IDS.forEach((_, position) => {
      const within = result.exactConcepts.subarray(position * CONCEPT.length, (position + 1) * CONCEPT.length);
      CONCEPT.forEach((id, column) =>
        expect(Math.abs((within[column] ?? NaN) - (lens(position, 2)[id] ?? NaN))).toBeLessThan(bound),
      );
      expect(logSumExp(within)).toBeLessThanOrEqual((result.exact[position] ?? NaN) + 1e-5);
    });
  });

  it("is the log-sum-exp over the whole vocabulary where that is asked for", async () => {
    const { result, lens } = await read(precision, untied);
    IDS.forEach((_, position) => {
      expect(Math.abs((result.exact[position] ?? NaN) - logSumExp(lens(position, 2)))).toBeLessThan(bound);
    });
  });
});

describe("the graph's bytes", () => {
  it("hold no weights: every tap of the vendored model in less than 500 KB", async () => {
    const model = await openVendored("fast");
    const graph = buildForwardGraph(model, planOf(everyTap(30).map(formatTap), { contextTokens: 1024 }));
    // Of these, the rotary tables are 1,024 positions × 32 angles × 2 × 4 bytes = 262 KB.
    expect(graph.length).toBeLessThan(500_000);
  });

  it("are the same for the same plan", async () => {
    const model = await openTiny("fast");
    expect(buildForwardGraph(model, planOf(TAPS))).toEqual(buildForwardGraph(model, planOf(TAPS)));
    expect(buildForwardGraph(model, planOf(TAPS))).not.toEqual(buildForwardGraph(model, planOf(["0.attn_out"])));
  });
});
