import { loadKinds } from "../src/detect/kinds/registry.ts";
import { loadDetectors } from "../src/detect/loader.ts";
import { estimate, formatEstimate, median } from "../src/cli/statistics.ts";
import { bindingOf, resolveContextOf, workerSettingsOf } from "../src/engine/open-engine.ts";
import { openParts } from "../src/engine/open-parts.ts";
import type { WorkerParts } from "../src/engine/worker-parts.ts";
import { openModel } from "../src/lens/open-model.ts";
import { everyTap, formatTap } from "../src/lens/tap.ts";
import type { PreparedModel } from "../src/model/prepared.ts";
import { createSlot } from "../src/model/slot.ts";
import { onePolicy } from "../test/support/flagged-traces.ts";

const CONTEXT = 200;
const STEPS = 20;
const KEPT = 64;

/** What it would cost to keep every tap of the live run: one decode step with the detectors' taps against one with all 120, whose rows are kept for 64 positions. */
export async function measureTaps(cache: string, rounds: number): Promise<string[]> {
  const folder = "models/smollm2-135m-instruct";
  const model = await openModel({ folder, cache, precision: "fast", contextTokens: 2048 });
  const resolving = { kinds: await loadKinds([]), context: resolveContextOf(model), binding: bindingOf(model) };
  const detectors = loadDetectors({ folder: "detectors", ...resolving });
  const policy = onePolicy("all", Object.fromEntries(detectors.map(({ id }) => [id, "observe"] as const)));
  const common = { model, detectors, kindModules: [], policies: { all: policy }, slots: 1, prefillChunkTokens: 64 };
  const settings = workerSettingsOf(common);
  const few = await openParts(settings);
  const every = await openParts({ ...settings, extraTaps: everyTap(model.facts.layers).map(formatTap) });
  const sides = [await prepare(few.parts, few.model), await prepare(every.parts, every.model)];
  const ratios: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < rounds * 3; round += 1) {
    const took = [NaN, NaN];
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) took[side] = (await sides[side]?.()) ?? NaN;
    ratios.push((took[1] ?? NaN) / (took[0] ?? NaN));
    alone.push(took[0] ?? NaN);
  }
  const bytes = (KEPT * 120 * model.facts.hidden * 4) / 1e6;
  return [
    `taps: a decoded token with ${few.parts.forward.plan.taps.length} taps ${median(alone).toFixed(1)} ms; with every tap, kept for ${KEPT} positions, × ${formatEstimate(estimate(ratios), 3)}; ${bytes.toFixed(1)} MB a slot`,
  ];
}

/** Milliseconds of one token, the median of some. */
async function prepare({ forward }: WorkerParts, { manifest }: PreparedModel): Promise<() => Promise<number>> {
  const slot = createSlot(manifest.architecture, 2048);
  await forward.step(
    slot,
    Array.from({ length: CONTEXT }, (_, index) => 1000 + index),
    "last",
  );
  return async () => {
    const kept: Float32Array[] = [];
    const took: number[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const began = performance.now();
      const { tapRows } = await forward.step(slot, [2000 + step], "last");
      kept.push(tapRows);
      if (kept.length > KEPT) kept.shift();
      took.push(performance.now() - began);
    }
    slot.truncate(CONTEXT);
    return median(took);
  };
}
