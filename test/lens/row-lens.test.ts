import { describe, expect, it } from "vitest";
import type { LensMaps } from "../../src/lens/lens-maps.ts";
import { createReader } from "../../src/lens/lens-math.ts";
import { planReads, type ReadPlan } from "../../src/lens/read-plan.ts";
import type { ConceptRead, LensName } from "../../src/lens/reading.ts";
import { openRowLens } from "../../src/lens/row-lens.ts";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { openForward } from "../../src/model/forward.ts";
import { openMatrixProduct } from "../../src/model/matrix-product.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const IDS = [5, 80, 33, 7, 99];
const { hidden, layers, vocabulary } = TINY;
const filled = (length: number, value: (index: number) => number) =>
  Float32Array.from({ length }, (_, index) => value(index));

function planOf(lens: LensName, yardstick: ConceptRead["yardstick"] = "background"): ReadPlan {
  const names = everyTap(layers).map(formatTap);
  const affine = {
    matrix: filled(hidden * hidden, (at) => Number(at % (hidden + 1) === 0) + Math.sin(at) / 50),
    bias: filled(hidden, (at) => Math.cos(at) / 10),
  };
  const lenses: LensMaps = {
    means: new Map(names.map((tap, index) => [tap, filled(hidden, (at) => Math.sin(index + at) / 5)])),
    tuned: new Map(names.map((tap) => [tap, affine])),
  };
  const reads = everyTap(layers).map((tap) => ({ tap, tokens: [40, 41, 7], yardstick, lens }));
  const own = new Map([["1.mlp_out", Int32Array.of(1, 2, 3, 41)]]);
  const background = { tokens: Int32Array.from({ length: 20 }, (_, index) => 30 + index), taps: own };
  return planReads({ reads, background, vocabulary, contextTokens: 8, normEpsilon: 1e-5, lenses });
}

async function scores(plan: ReadPlan, precision: "fast" | "exact") {
  const model = await openTiny(precision);
  const forward = await openForward({ model, plan: plan.forward });
  const product = await openMatrixProduct();
  const served = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
  const again = await openRowLens({ model, plan, product }).read(served.tapRows);
  const reader = createReader(plan);
  const pairs = plan.reads.flatMap((_, read) =>
    IDS.map((__, row) => [reader(served, row, read).logOdds, reader(again, row, read).logOdds] as const),
  );
  await forward.close();
  await product.close();
  return pairs;
}

describe("rows read afterwards", () => {
  it.each(["logit", "centred", "tuned"] as const)(
    "say what the graph says of them through the lens %s",
    async (lens) => {
      const pairs = await scores(planOf(lens), "exact");
      expect(pairs).toHaveLength(8 * IDS.length);
      for (const [served, again] of pairs) expect(again).toBeCloseTo(served, 3);
    },
  );

  it("differ from the graph in 8 bits by its rounding alone", async () => {
    for (const [served, again] of await scores(planOf("logit"), "fast"))
      expect(Math.abs(again - served)).toBeLessThan(0.1);
  });

  it("are not compared with the whole vocabulary", async () => {
    const model = await openTiny("exact");
    const product = await openMatrixProduct();
    const plan = planOf("logit", "exact");
    expect(() => openRowLens({ model, plan, product })).toThrow("not compared with the whole vocabulary");
    await product.close();
  });
});
