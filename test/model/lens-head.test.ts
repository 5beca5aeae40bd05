import { describe, expect, it } from "vitest";
import { openForward } from "../../src/model/forward.ts";
import { openLensHead } from "../../src/model/lens-head.ts";
import { createSlot } from "../../src/model/slot.ts";
import { relativeDistance } from "../support/distance.ts";
import { logitRow, planOf } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const { vocabulary, hidden } = TINY;
const LAST = `${TINY.layers - 1}.resid_post`;

describe("the lens", () => {
  it.each([
    ["exact", false],
    ["exact", true],
    ["fast", false],
    ["fast", true],
  ] as const)(
    "of the last block's output is the model's own logits (%s precision, untied: %s)",
    async (precision, untied) => {
      const model = await openTiny(precision, { untied });
      const forward = await openForward({ model, plan: planOf([LAST]) });
      const { tapRows, logits } = await forward.step(createSlot(model.manifest.architecture), [5, 80, 33], "all");
      const head = await openLensHead({ model, threads: 1 });
      expect(relativeDistance(await head.logits(tapRows), logits)).toBeLessThan(1e-5);
      await forward.close();
      await head.close();
    },
  );

  it("of a row does not depend on the rows beside it, nor on its length", async () => {
    const model = await openTiny("exact");
    const head = await openLensHead({ model });
    const rows = Float32Array.from({ length: 4 * hidden }, (_, index) => Math.sin(index));
    const together = await head.logits(rows);
    expect(together).toHaveLength(4 * vocabulary);
    const third = rows.slice(2 * hidden, 3 * hidden);
    expect(relativeDistance(await head.logits(third), logitRow(together, 2, vocabulary))).toBeLessThan(1e-6);
    const longer = third.map((value) => 1000 * value);
    expect(relativeDistance(await head.logits(longer), logitRow(together, 2, vocabulary))).toBeLessThan(1e-4);
    await head.close();
  });

  it("refuses numbers that are no whole rows", async () => {
    const head = await openLensHead({ model: await openTiny("exact") });
    await expect(head.logits(new Float32Array(hidden + 1))).rejects.toThrow();
    await head.close();
  });
});
