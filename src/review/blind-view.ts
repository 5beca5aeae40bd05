import type { QueuedItem } from "../queue/queue.ts";
import type { TraceView } from "./evidence.ts";

/** An item as a page may show it. `action` is `blind` and the rest null where a reviewer judges without knowing them. */
export type ShownItem = Omit<QueuedItem, "priority" | "sample"> & {
  readonly priority: number | null;
  readonly sample?: QueuedItem["sample"];
};

/** Takes everything off an item that tells whether and how strongly a detector fired, or how it was drawn. */
export function hideItem(item: QueuedItem): ShownItem {
  // What joined an item, and what is called a flood, was flagged.
  const { sample: _, ...rest } = item;
  return { ...rest, action: "blind", score: null, threshold: null, priority: null, repetition: "", count: 1 };
}

/** Takes findings and scores off a trace, and everything that tells whether it was stopped: only the words stay. */
export function hideView<View extends TraceView>(view: View): View {
  const tokens = view.reply.tokens.map((token) => ({ ...token, released: true, fired: [] }));
  // A sampled reply has always come to its end.
  const { promptTokens: _, ...head } = view.head;
  return {
    ...view,
    head,
    state: "complete",
    endReason: null,
    firings: [],
    reply: { tokens, released: tokens.length, unsent: "ended", certain: true },
  };
}
