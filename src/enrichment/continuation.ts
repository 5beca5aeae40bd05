import type { WorkerParts } from "../engine/worker-parts.ts";
import { argMax } from "../model/sampler.ts";
import type { Slot } from "../model/slot.ts";
import { createDetokeniser } from "../model/token-bytes.ts";
import type { Enrichment } from "./enrichment.ts";
import type { RereadPlan } from "./reread-plan.ts";

/** Where a re-read stands. */
export interface ContinuationStart {
  readonly plan: RereadPlan;
  readonly parts: WorkerParts;
  /** Holds what was read so far. */
  readonly slot: Slot;
  /** Of the last position that was read. `[vocabulary]` */
  readonly logits: Float32Array;
}

/** The most likely way on from where the policy stopped the reply; null where the policy does not allow to ask. */
export async function continueReply(start: ContinuationStart): Promise<Enrichment["continuation"]> {
  const { plan, parts, slot } = start;
  if (plan.continuation === 0) return null;
  let { logits } = start;
  const step = async (ids: ArrayLike<number>) => ({ logits } = await parts.forward.step(slot, ids, "last"));
  while (slot.length < plan.prompt.length) {
    await step(plan.prompt.subarray(slot.length, slot.length + parts.prefillChunkTokens));
  }
  for (const id of plan.forced.subarray(slot.length - plan.prompt.length)) await step([id]);
  const text = createDetokeniser(parts.bytes);
  for (const id of plan.forced) text.push(id);
  let written = "";
  let tokens = 0;
  while (tokens < plan.continuation && slot.length < parts.contextTokens) {
    const id = argMax(logits);
    if (parts.endIds.has(id)) break;
    written += text.push(id);
    tokens += 1;
    if (tokens < plan.continuation) await step([id]);
  }
  return { text: written + text.flush(), tokens };
}
