import { openForward } from "../model/forward.ts";
import { createSlot } from "../model/slot.ts";
import { createReader } from "./lens-math.ts";
import { lensMapsOf, type OpenModel } from "./open-model.ts";
import { planReads } from "./read-plan.ts";
import type { ConceptRead } from "./reading.ts";

/** How well the background stands for the whole vocabulary, for one read. */
export interface YardstickAgreement {
  readonly read: ConceptRead;
  /** Pearson correlation of the cheap log-odds with the exact ones, over the positions of the fixed text. */
  readonly correlation: number;
  readonly positions: number;
}

/** Below this, a definition must ask for the exact yardstick. */
export const LOWEST_CORRELATION = 0.9;

/** Scores every background read of `reads` both ways over a fixed text. */
export async function checkYardstick(
  model: OpenModel,
  reads: readonly ConceptRead[],
  text: string,
): Promise<YardstickAgreement[]> {
  const cheap = reads.filter((read) => read.yardstick === "background");
  if (cheap.length === 0) return [];
  const vocabulary = model.facts.vocabulary;
  const chunks = cutIds(model.tokenizer.encode(text), 256);
  const plan = planReads({
    reads: cheap.flatMap((read) => [read, { ...read, yardstick: "exact" as const }]),
    background: model.background,
    vocabulary,
    contextTokens: 256,
    lenses: lensMapsOf(model, cheap),
    normEpsilon: model.prepared.manifest.architecture.normEpsilon,
  });
  const reader = createReader(plan);
  const forward = await openForward({ model: model.prepared, plan: plan.forward });
  const pairs = cheap.map(() => [] as [number, number][]);
  try {
    for (const ids of chunks) {
      const result = await forward.step(createSlot(model.prepared.manifest.architecture), ids, "last");
      for (let row = 1; row < ids.length; row += 1) {
        pairs.forEach((list, index) => {
          const approximate = reader(result, row, 2 * index).logOdds;
          const logP = Math.min(-1e-7, reader(result, row, 2 * index + 1).logOdds);
          list.push([approximate, logP - Math.log(-Math.expm1(logP))]);
        });
      }
    }
  } finally {
    await forward.close();
  }
  return cheap.map((read, index) => {
    const list = pairs[index] ?? [];
    return { read, correlation: correlate(list), positions: list.length };
  });
}

function cutIds(ids: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) =>
    ids.slice(index * size, (index + 1) * size),
  );
}

/** Pearson's r; 0 where one side does not vary. */
export function correlate(pairs: readonly (readonly [number, number])[]): number {
  const count = pairs.length;
  const meanOf = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / count;
  const means = [meanOf(0), meanOf(1)] as const;
  let [xy, xx, yy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xy += (x - means[0]) * (y - means[1]);
    xx += (x - means[0]) ** 2;
    yy += (y - means[1]) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}
