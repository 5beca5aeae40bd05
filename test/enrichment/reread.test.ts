import { expect, it } from "vitest";
import { openParts } from "../../src/engine/open-parts.ts";
import { createSlot } from "../../src/model/slot.ts";
import { planReread } from "../../src/enrichment/reread-plan.ts";
import { reread } from "../../src/enrichment/reread.ts";
import { TINY_POLICY, TINY_PROMPT, TINY_PROMPTS, tinySettings, tinyRun } from "../support/tiny-reader.ts";

async function readTiny(end: number, policy = TINY_POLICY) {
  const tiny = await tinySettings(policy);
  const { model, again } = tiny;
  const { trace, every } = await tinyRun(tiny);
  const plan = { ...planReread(trace, again, TINY_PROMPTS), end };
  const { parts } = await openParts(again.worker);
  const passes: number[] = [];
  const forward: typeof parts.forward = {
    ...parts.forward,
    step: (slot, ids, logits) => (passes.push(ids.length), parts.forward.step(slot, ids, logits)),
  };
  const slot = createSlot(model.manifest.architecture);
  const found = await reread({ plan, parts: { ...parts, forward }, slot, probeReads: [1] });
  await parts.forward.close();
  return { trace, every, plan, found, passes, taps: parts.forward.plan.taps };
}

it("reads as the live run did, in its chunks and then token by token, and comes to the same scores", async () => {
  const { every, found, passes, taps } = await readTiny(65);
  expect(passes).toEqual([16, 16, 8, ...Array.from({ length: 26 }, () => 1)]);
  expect(found.every).toEqual(every.filter(({ position }) => position <= 65));
  // What detectors read comes first, each tap once.
  expect(taps).toHaveLength(8);
});

it("keeps the rows around the firing and the parts of probes at every judged position", async () => {
  const { plan, found } = await readTiny(45);
  expect([...found.kept.keys()]).toEqual(Array.from({ length: plan.last + 1 }, (_, index) => index));
  expect(found.steps[0]?.position).toBe(31);
  expect(found.steps.every(({ parts }) => parts.get(1)?.length === 2)).toBe(true);
  expect(found.logits).toHaveLength(160);
});

it("goes on where the live run was stopped in the prompt", async () => {
  const policy = { ...TINY_POLICY, detectors: { concept: { action: "abort" as const, onError: "closed" as const } } };
  const { trace, plan, found } = await readTiny(39, policy);
  expect(trace.end).toMatchObject({ reason: "abort", generated: [] });
  expect(plan.firing).toEqual({ position: 31, detector: "concept" });
  expect([...found.kept.keys()].at(-1)).toBe(TINY_PROMPT.ids.length - 1);
  const finding = trace.evidence[0]?.finding;
  const score = finding?.verdict === "fired" ? finding.score : NaN;
  expect(found.every.find(({ position }) => position === 31)?.scores).toEqual([score]);
});
