import type { QueuedItem } from "../queue/queue.ts";
import type { TraceStore } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";
import { hideItem, type ShownItem } from "./blind-view.ts";
import { isTap } from "./evidence.ts";

/** An item with enough of its trace to choose from a list. */
export type ItemSummary = ShownItem & Gist;

/** What a list says of a trace. */
interface Gist {
  /** The beginning of the last turn that asked for something. */
  readonly preview: string;
  /** What the detector had in mind first. */
  readonly name: string | null;
  readonly traceState: Trace["state"] | null;
}

/** Makes summaries, and keeps what they say of closed traces. */
export interface Summaries {
  summarise(item: QueuedItem, hidden: boolean): Promise<ItemSummary>;
  nameOf(traceId: string): Promise<string | null>;
}

const PREVIEW_CHARACTERS = 160;
const MOST_KEPT = 5_000;

/** Summaries of the traces of a store. */
export function createSummaries(traces: Pick<TraceStore, "get">): Summaries {
  const kept = new Map<string, Gist>();

  async function gistOf(traceId: string): Promise<Gist> {
    const known = kept.get(traceId);
    if (known !== undefined) return known;
    const trace = await traces.get(traceId);
    const gist = toGist(trace);
    if (trace !== undefined && trace.state !== "open") kept.set(traceId, gist);
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return gist;
  }

  return {
    async summarise(item, hidden) {
      const gist = await gistOf(item.traceId);
      return hidden ? { ...hideItem(item), ...gist, name: null, traceState: "complete" } : { ...item, ...gist };
    },
    nameOf: async (traceId) => (await gistOf(traceId)).name,
  };
}

function toGist(trace: Trace | undefined): Gist {
  const finding = trace?.evidence[0]?.finding;
  const fired = finding?.verdict === "fired" ? finding : undefined;
  const lastTurn =
    trace?.head.conversation.findLast(({ role }) => role !== "assistant") ?? trace?.head.conversation.at(-1);
  return {
    // A pair of surrogates may have been cut in two.
    preview: lastTurn?.content.slice(0, PREVIEW_CHARACTERS).replace(/[\ud800-\udbff]$/, "") ?? "",
    name: fired?.names.find((each) => !isTap(each))?.name ?? null,
    traceState: trace?.state ?? null,
  };
}
