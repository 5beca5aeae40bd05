import { describe, expect, it } from "vitest";
import { agreeOnTop, klDivergence, logProbability } from "../../bench/divergence.ts";
import { measureFidelity } from "../../bench/fidelity-measure.ts";
import { cleanWikitext } from "../../bench/wikitext.ts";
import { openForward } from "../../src/model/forward.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openVendored } from "../support/prepared-model.ts";
import { readRunningText } from "../support/running-text.ts";
import { planOf } from "../support/tap-rows.ts";

it("fast precision stays within KL 0.006 and 1 % of perplexity of exact precision on running text", async () => {
  const [exactModel, fastModel] = [await openVendored("exact"), await openVendored("fast")];
  const exact = await openForward({ model: exactModel, plan: planOf([]) });
  const fast = await openForward({ model: fastModel, plan: planOf([]) });
  const { architecture } = exactModel.manifest;
  const ids = readRunningText(exactModel);
  const result = await measureFidelity({
    exact,
    fast,
    createSlot: () => createSlot(architecture),
    ids,
    windowTokens: 512,
    chunkTokens: 128,
  });
  await exact.close();
  await fast.close();
  expect(result.positions).toBe(ids.length - 1);
  expect(result.positions).toBeGreaterThan(600);
  expect(result.meanKl).toBeLessThanOrEqual(0.006);
  expect(result.top1).toBeGreaterThan(0.93);
  expect(Math.abs(result.fastPerplexity / result.exactPerplexity - 1)).toBeLessThanOrEqual(0.01);
  // A text that the model can read: neither noise nor learned by heart.
  expect(result.exactPerplexity).toBeGreaterThan(5);
  expect(result.exactPerplexity).toBeLessThan(60);
});

describe("the yardsticks of the measurement", () => {
  it("give the divergence of two known distributions", () => {
    const half = Float32Array.of(0, 0);
    const skewed = Float32Array.of(Math.log(3), 0);
    expect(klDivergence(half, skewed)).toBeCloseTo(0.5 * Math.log(4 / 3), 6);
    expect(klDivergence(skewed, half)).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6);
    expect(
      klDivergence(
        skewed,
        skewed.map((logit) => logit + 100),
      ),
    ).toBeCloseTo(0, 5);
    expect(logProbability(skewed, 1)).toBeCloseTo(Math.log(0.25), 6);
    expect([agreeOnTop(skewed, skewed), agreeOnTop(skewed, Float32Array.of(0, 1))]).toEqual([true, false]);
  });

  it("clean WikiText's tokenising away", () => {
    const raw =
      ' \n = Title <unk> = \n \n A guest @-@ starring role , worth 1 @,@ 000 @.@ 5 ( about ) in " Craig " , Teddy \'s . \n';
    expect(cleanWikitext(raw)).toBe('= Title =\nA guest-starring role, worth 1,000.5 (about) in "Craig", Teddy\'s.');
  });
});
