import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { tellFirst } from "../queue/delivery.ts";
import { createItemMaker } from "../queue/item-maker.ts";
import type { Enqueued } from "../queue/queue.ts";
import type { TraceStore } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";
import { EMBEDDED, type Desk } from "./desk.ts";
import type { LocalStores } from "./local-stores.ts";
import type { TallyKeeper } from "./review-tallies.ts";

/** What the way into the outbox works with. */
export interface IntakeParts {
  readonly config: Pick<Config, "queue" | "review">;
  readonly log: Pick<Logger, "warn" | "error">;
  readonly local: LocalStores;
  readonly desk: Pick<Desk, "place">;
  readonly keeper: TallyKeeper;
  /** Tells the pump that a row is there. */
  readonly wake: () => void;
  readonly onAdded?: (traceId: string) => Promise<void>;
}

/** The end of a flagged run, and the way of its trace into the outbox: one write to disk. */
export interface Intake {
  readonly close: TraceStore["close"];
  /** For a trace that `close` did not note, and to tell of one that it did. Idempotent. */
  readonly enqueue: (trace: Trace) => Promise<void>;
}

/** Items are made once and kept as they are: what is sent again is the same. */
export function createIntake(parts: IntakeParts): Intake {
  const { config, log, local, desk, keeper, wake, onAdded } = parts;
  const { outbox, sealing } = local;
  const { newItemsPerMinute, blind } = config.review;
  const makeItem = createItemMaker({ digest: sealing.digest, newItemsPerMinute, blind, log });
  /** What became of traces that are noted, until it is told. */
  const untold = new Map<string, () => Promise<void>>();

  function note(trace: Trace): void {
    const { id, createdAt } = trace.head;
    if (outbox.find("item", id) !== undefined) return;
    if (isLeftOut(parts, id)) {
      untold.set(id, async () => undefined);
      return;
    }
    const item = makeItem(trace);
    const row = { id, createdAt, body: JSON.stringify(item) };
    if (desk.place === undefined) {
      outbox.addItem(row);
      untold.set(id, async () => wake());
      return;
    }
    let outcome: Enqueued = "known";
    const { place } = desk;
    outbox.addItem(row, () => {
      const placed = place(item);
      outcome = placed.outcome;
      return { epoch: EMBEDDED, item: placed.itemId };
    });
    untold.set(id, () =>
      tellFirst({ onJoined: keeper.joined, ...(onAdded === undefined ? {} : { onAdded }) }, item, outcome),
    );
  }

  return {
    close: async (id, end, state) => local.traces.closeWith({ id, end, state }, note),
    async enqueue(trace) {
      const { id } = trace.head;
      if (!untold.has(id)) note(trace);
      const tell = untold.get(id);
      untold.delete(id);
      await tell?.();
    },
  };
}

/** Whether the outbox is full and policy lets the trace go without an item. The trace itself is among those that wait. */
function isLeftOut({ config, log, local, keeper }: IntakeParts, traceId: string): boolean {
  const { outboxLimit, whenFull } = config.queue;
  if (whenFull !== "drop" || local.outbox.waiting() <= outboxLimit) return false;
  keeper.dropped();
  log.error({ traceId }, "the outbox is full: a flagged trace is recorded and gets no review item");
  return true;
}
