import type { Outbox } from "../trace/outbox.ts";
import type { PumpStep } from "../trace/pump.ts";
import type { Settings } from "../trace/settings.ts";
import type { DecisionStore } from "../trace/stores.ts";
import type { DeliveryParts } from "./delivery.ts";
import type { ReviewQueue } from "./queue.ts";

/** What settling reads and writes. */
export interface SettlingParts {
  readonly outbox: Outbox;
  readonly decisions: Pick<DecisionStore, "page" | "list">;
  readonly placeOf: DeliveryParts["placeOf"];
  readonly queue: Pick<ReviewQueue, "get">;
  readonly settings: Settings;
  /** Told of the traces before their rows are settled. */
  readonly letGo: (traceIds: readonly string[]) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const PAGE = 500;
const AT_MOST = 1_000;
/** Items that wait for another opinion are looked at again after this long. */
const AGAIN_MS = 10_000;
const PLACE = "settled_decisions";

/**
 * A row stays until its decision is seen: in the log, and in the queue, which may have let go of the item since. A verdict that
 * was withdrawn, or that somebody else is to look at, brings the row back.
 */
export function createSettling(parts: SettlingParts): PumpStep {
  const { outbox, decisions, queue, settings, clock = Date.now } = parts;
  let lookedAt = Number.NEGATIVE_INFINITY;

  /** Says whether the log has grown. */
  async function readLog(): Promise<boolean> {
    const from = Number(settings.get(PLACE) ?? 0);
    let place = from;
    for (;;) {
      const page = await decisions.page(place, PAGE);
      for (const { sequence, decision } of page) {
        const { traceId, verdict, next } = decision;
        if (verdict === "withdrawn" || (next !== undefined && next !== "decided")) outbox.reopen(traceId);
        place = sequence;
      }
      if (page.length < PAGE) break;
    }
    if (place !== from) settings.set(PLACE, String(place));
    return place !== from;
  }

  async function isOver(itemId: string): Promise<boolean> {
    const item = await queue.get(itemId);
    return (item ?? parts.placeOf(await decisions.list(itemId))).state === "decided";
  }

  return {
    name: "settle",
    async run() {
      if (!(await readLog()) && clock() - lookedAt < AGAIN_MS) return;
      for (const itemId of outbox.listDecided(AT_MOST)) {
        if (!(await isOver(itemId))) continue;
        await parts.letGo(outbox.belonging(itemId));
        outbox.settle(itemId);
      }
      lookedAt = clock();
    },
  };
}
