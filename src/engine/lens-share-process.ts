import { constants, setPriority } from "node:os";
import { createSlot } from "../model/slot.ts";
import { measureLensShare, type Passes } from "./lens-share.ts";
import type { WorkerSettings } from "./messages.ts";
import { openParts } from "./open-parts.ts";

/** Milliseconds of computing that the steps may take; loading the model twice comes on top. */
const BUDGET_MS = 1_000;
const CHUNK_TOKENS = 32;
const CONTEXT_TOKENS = 256;

// Entry of a process of its own: settings come as its one message, the shares go back, and it ends.
process.once("message", (settings: WorkerSettings) => {
  // Whoever asked is gone: nobody wants to know.
  process.once("disconnect", () => process.exit(0));
  setPriority(constants.priority.PRIORITY_LOW);
  measure(settings).then(
    (shares) => process.send?.(shares, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function measure(settings: WorkerSettings) {
  const plain = await openPasses({ ...settings, detectors: [] });
  const monitored = await openPasses(settings);
  return measureLensShare({
    plain,
    monitored,
    chunkTokens: Math.min(CHUNK_TOKENS, settings.prefillChunkTokens),
    budgetMs: BUDGET_MS,
    spent: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    now: () => performance.now(),
  });
}

async function openPasses(settings: WorkerSettings): Promise<Passes> {
  const { parts, model } = await openParts({ ...settings, contextTokens: CONTEXT_TOKENS });
  const slot = createSlot(model.manifest.architecture, CONTEXT_TOKENS);
  return { clear: () => slot.clear(), step: (ids) => parts.forward.step(slot, ids, "last") };
}
