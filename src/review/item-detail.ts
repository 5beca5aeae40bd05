import { GatewayError } from "../errors.ts";
import { joinReason, type JoinReason, type QueuedItem } from "../queue/queue.ts";
import type { ReviewDecision } from "../trace/stores.ts";
import { hideItem, hideView, type ShownItem } from "./blind-view.ts";
import { boundView, type Omission } from "./bounded-view.ts";
import type { DeskParts } from "./desk.ts";
import { viewTrace, type TraceView } from "./evidence.ts";
import type { ReviewNote } from "./notes.ts";
import { isAlone, isHidden, mayBeBlind } from "./opinions.ts";
import { findSimilar, type SimilarItem } from "./similar-items.ts";

/** Everything that a reviewer sees of one trace. */
export interface ItemDetail {
  /** Null while the queue has not got it. Where the trace joined another's item, that item. */
  readonly item: ShownItem | null;
  /** Why `item` is another trace's: this one is `alike`, so that its verdict is one on this trace, too; or one of a `flood` with other texts, and stays unjudged. */
  readonly joined: JoinReason | null;
  /** Whether scores, findings and action are left out until this reviewer gave a verdict. */
  readonly hidden: boolean;
  readonly trace: TraceView & { readonly omitted: Omission | null };
  readonly decisions: readonly ReviewDecision[];
  /** What the re-read made; null when there is none yet. */
  readonly enrichment: unknown;
  readonly members: { readonly count: number; readonly ids: readonly string[] };
  readonly similar: readonly SimilarItem[];
  readonly notes: readonly ReviewNote[];
  /** The detector's own words: the question that is asked. */
  readonly description: string;
}

const MOST = { decisions: 100, members: 100 };

/** Reads a trace as one reviewer may see it. Throws `not_found`. */
export async function readDetail(parts: DeskParts, traceId: string, reviewer: string): Promise<ItemDetail> {
  const { traces, queue, decisions, notes } = parts;
  const [trace, itemId = traceId] = await Promise.all([traces.get(traceId), queue.itemOf(traceId)]);
  if (trace === undefined) throw new GatewayError("not_found", `There is no trace ${traceId}.`);
  const item = await queue.get(itemId);
  const [given, remarks] = await Promise.all([decisions.list(itemId), notes.list(itemId)]);
  const hidden = item === undefined ? mayBeBlind(trace, parts.settings.blind) : isHidden(item, given, reviewer);
  const alone = item === undefined ? hidden : isAlone(item, given, reviewer);
  const view = boundView(viewTrace(trace));
  const isTheirs = (author: string) => !alone || author === reviewer;
  const detector = item?.detector ?? trace.sample?.detector ?? trace.evidence[0]?.finding.detector ?? "";
  return {
    item: item === undefined ? null : hidden ? hideItem(item) : item,
    joined: item === undefined || hidden ? null : joinReason(item, traceId),
    hidden,
    trace: hidden ? hideView(view) : view,
    decisions: given.filter((decision) => isTheirs(decision.reviewer)).slice(-MOST.decisions),
    enrichment: hidden ? null : await readEnrichment(parts, traceId),
    members: await readMembers(parts, item, hidden),
    similar: item === undefined || hidden ? [] : await findSimilar(parts, item),
    notes: remarks.filter((remark) => isTheirs(remark.reviewer)),
    description: parts.descriptions[detector] ?? "",
  };
}

async function readEnrichment({ enrichments }: DeskParts, traceId: string): Promise<unknown> {
  const body = await enrichments.get(traceId);
  return body === undefined ? null : (JSON.parse(body) as unknown);
}

async function readMembers({ queue }: DeskParts, item: QueuedItem | undefined, hidden: boolean) {
  if (item === undefined || hidden) return { count: 1, ids: [] };
  return { count: item.count, ids: await queue.members(item.traceId, MOST.members) };
}
