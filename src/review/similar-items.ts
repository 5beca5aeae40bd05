import type { QueuedItem, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, ReviewDecision } from "../trace/stores.ts";
import { standingOf } from "./opinions.ts";
import type { Summaries } from "./item-summary.ts";

/** An earlier item of the same detector and the verdict that stands on it. */
export interface SimilarItem {
  readonly traceId: string;
  readonly detector: string;
  readonly verdict: ReviewDecision["verdict"];
  readonly name: string | null;
  readonly score: number | null;
  readonly createdAt: number;
}

/** Decided items that are looked through, those whose traces are read, and those that are shown. */
const COUNTS = { candidates: 500, read: 40, shown: 8 };

/** Where similar items are found. */
export interface SimilarParts {
  readonly queue: Pick<ReviewQueue, "list">;
  readonly decisions: Pick<DecisionStore, "list">;
  readonly summaries: Summaries;
}

/** Decided items of the same detector: first those with the same name in mind, then by how near their score is. */
export async function findSimilar(parts: SimilarParts, item: QueuedItem): Promise<SimilarItem[]> {
  const { queue, decisions, summaries } = parts;
  const decided = await queue.list({ state: "decided", detector: item.detector, limit: COUNTS.candidates });
  const others = decided.filter(({ traceId }) => traceId !== item.traceId);
  const near = others.toSorted((a, b) => distance(a, item) - distance(b, item)).slice(0, COUNTS.read);
  const own = await summaries.nameOf(item.traceId);
  const named = await Promise.all(near.map(async (each) => ({ each, name: await summaries.nameOf(each.traceId) })));
  // The sort is stable: within a group the nearest stay first.
  const ranked = named.toSorted((a, b) => Number(a.name !== own) - Number(b.name !== own)).slice(0, COUNTS.shown);
  const rows = await Promise.all(
    ranked.map(async ({ each: { traceId, detector, score, createdAt }, name }) => {
      const { last } = standingOf(await decisions.list(traceId));
      return last === undefined ? [] : [{ traceId, detector, verdict: last.verdict, name, score, createdAt }];
    }),
  );
  return rows.flat();
}

function distance(a: QueuedItem, b: QueuedItem): number {
  // Without scores the nearest in time stands in; a day counts like one unit.
  if (a.score === null || b.score === null) return 1_000 + Math.abs(a.createdAt - b.createdAt) / 86_400_000;
  return Math.abs(a.score - b.score);
}
