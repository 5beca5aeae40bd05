import type { ItemFilter, QueuedItem } from "../queue/queue.ts";
import type { DeskParts } from "./desk.ts";
import type { ItemSummary } from "./item-summary.ts";
import { isHidden } from "./opinions.ts";
import type { SCHEMAS } from "./requests.ts";

/** The query of a list. */
export type ListQuery = ReturnType<(typeof SCHEMAS.list)["parse"]>;

/** One page of the queue, and the names to filter by. */
export interface ItemList {
  readonly items: readonly ItemSummary[];
  readonly detectors: readonly string[];
  readonly models: readonly string[];
}

interface Seen {
  readonly item: QueuedItem;
  readonly hidden: boolean;
}

const PAGE = 200;
/** Items that a filter by action looks through. */
const MOST_READ = 5_000;

/** Items by urgency as one reviewer may see them. */
export async function listItems(parts: DeskParts, query: ListQuery, reviewer: string): Promise<ItemList> {
  const rows =
    query.action === undefined ? await readPage(parts, query, reviewer) : await search(parts, query, reviewer);
  const items = await Promise.all(rows.map(({ item, hidden }) => parts.summaries.summarise(item, hidden)));
  const detectors = [...Object.keys(parts.descriptions), ...items.map(({ detector }) => detector)];
  return { items, detectors: unique(detectors), models: unique(items.map(({ model }) => model)) };
}

async function readPage(parts: DeskParts, query: ListQuery, reviewer: string): Promise<Seen[]> {
  const { limit, offset } = query;
  const items = await parts.queue.list({ ...toFilter(query, parts.clock()), limit, offset });
  return Promise.all(items.map(async (item) => ({ item, hidden: await isHiddenFrom(parts, item, reviewer) })));
}

/** A filter by action must not tell the action of a blind item: those are found under `blind` alone. */
async function search(parts: DeskParts, query: ListQuery, reviewer: string): Promise<Seen[]> {
  const { action, limit, offset } = query;
  const found: Seen[] = [];
  for (let read = 0; read < MOST_READ && found.length < offset + limit; read += PAGE) {
    const page = await readPage(parts, { ...query, limit: PAGE, offset: read }, reviewer);
    found.push(...page.filter(({ item, hidden }) => (hidden ? "blind" : item.action) === action));
    if (page.length < PAGE) break;
  }
  return found.slice(offset, offset + limit);
}

/** Whether scores and action of an item are kept from a reviewer. */
export async function isHiddenFrom({ decisions }: DeskParts, item: QueuedItem, reviewer: string): Promise<boolean> {
  // Only blind open items take another read.
  if (!isHidden(item, [], reviewer)) return false;
  return isHidden(item, await decisions.list(item.traceId), reviewer);
}

/** Everything but the action. */
function toFilter({ state, stage, detector, model, minAgeMinutes }: ListQuery, now: number): ItemFilter {
  return {
    ...(state === undefined ? {} : { state }),
    ...(stage === undefined ? {} : { stage }),
    ...(detector === undefined ? {} : { detector }),
    ...(model === undefined ? {} : { model }),
    ...(minAgeMinutes === undefined ? {} : { createdBefore: now - minAgeMinutes * 60_000 }),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
