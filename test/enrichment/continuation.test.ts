import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { continueReply } from "../../src/enrichment/continuation.ts";
import type { RereadPlan } from "../../src/enrichment/reread-plan.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openVendoredParts, type OpenedParts } from "../support/engine-parts.ts";

let opened: OpenedParts;
beforeAll(async () => {
  opened = await openVendoredParts("fast");
});
afterAll(() => opened.close());

/** Reads `read` ids of prompt and reply, and then goes on. */
async function goOn(plan: Partial<RereadPlan>, read: number) {
  const { parts, model, prompts, tokenizer } = opened;
  const prompt = prompts.encodeText("1, 2, 3, 4, 5,").ids;
  const forced = Int32Array.from(tokenizer.encode(" 6,"));
  const slot = createSlot(model.manifest.architecture);
  const ids = [...prompt, ...forced].slice(0, read);
  const { logits } = await parts.forward.step(slot, ids, "last");
  const found = await continueReply({
    plan: { prompt, forced, continuation: 4, ...plan } as RereadPlan,
    parts,
    slot,
    logits,
  });
  return { found, length: prompt.length + forced.length };
}

describe("going on after a reply was stopped", () => {
  it("reads what is left of prompt and reply, and then writes what is most likely", async () => {
    const { length } = await goOn({}, 4);
    for (const read of [4, length - 1, length]) {
      const { found } = await goOn({}, read);
      expect(found).toEqual({ text: " 7, ", tokens: 4 });
    }
  });

  it("is not done where the policy does not ask for it", async () => {
    expect((await goOn({ continuation: 0 }, 4)).found).toBeNull();
  });
});
