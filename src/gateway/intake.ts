import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { tellFirst } from "../queue/delivery.ts";
import { createItemMaker } from "../queue/item-maker.ts";
import type { Enqueued } from "../queue/queue.ts";
import type { RecorderParts } from "../trace/recorder.ts";
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

/** The end of a flagged run and the way of its trace into the outbox. */
export interface Intake {
  /** End, score row and outbox row with one write to disk. */
  readonly closeAtOnce: NonNullable<RecorderParts["closeAtOnce"]>;
  /** For a trace that was closed without it. Idempotent. */
  readonly enqueue: (trace: Trace) => Promise<void>;
}

type Tell = () => Promise<void>;
const NOTHING_TO_TELL: Tell = async () => undefined;

/** Items are made once and kept as they are: what is sent again is the same. */
export function createIntake(parts: IntakeParts): Intake {
  const { config, log, local, desk, keeper, wake, onAdded } = parts;
  const { outbox, sealing } = local;
  const { newItemsPerMinute, blind } = config.review;
  const makeItem = createItemMaker({ digest: sealing.digest, newItemsPerMinute, blind, log });

  /** Returns what tells of it. */
  function note(trace: Trace): Tell {
    const { id, createdAt } = trace.head;
    if (outbox.find("item", id) !== undefined || isLeftOut(parts, id)) return NOTHING_TO_TELL;
    const item = makeItem(trace);
    const row = { id, createdAt, body: JSON.stringify(item) };
    if (desk.place === undefined) {
      outbox.addItem(row);
      return async () => wake();
    }
    let outcome: Enqueued = "known";
    const { place } = desk;
    outbox.addItem(row, () => {
      const placed = place(item);
      outcome = placed.outcome;
      return { epoch: EMBEDDED, item: placed.itemId };
    });
    return () => tellFirst({ onJoined: keeper.joined, ...(onAdded === undefined ? {} : { onAdded }) }, item, outcome);
  }

  return {
    async closeAtOnce(closing, row) {
      let tell: Tell = NOTHING_TO_TELL;
      local.traces.closeWith(closing, (trace) => {
        tell = note(trace);
        local.scores.insert(row);
      });
      try {
        await tell();
        // What is left out has no row, and is not to be found again.
        await local.traces.markQueued(closing.id);
      } catch (error) {
        log.error({ err: error, traceId: closing.id }, "a closed trace could not be told of; it stays recorded");
      }
    },
    enqueue: async (trace) => note(trace)(),
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
