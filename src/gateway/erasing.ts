import { GatewayError } from "../errors.ts";
import { recordEvent, type EventParts } from "../review/audit-events.ts";
import { createHearing } from "../trace/hearing.ts";
import type { PumpStep } from "../trace/pump.ts";
import { findTracesOfRequest } from "../trace/request-lookup.ts";
import type { Desk } from "./desk.ts";
import type { LocalStores } from "./local-stores.ts";

/** Who deletes which trace, and why. */
export interface ErasureRequest {
  readonly traceId: string;
  readonly actor: string;
  readonly reason: string;
}

/** Deletes traces here and wherever their copies lie. */
export interface Erasing {
  /** Ids of traces by a trace's id or a request's; empty when nothing is known of it. */
  find(id: string): Promise<string[]>;
  /** Deletes a trace for a person, and records who and why. Throws `not_found`, and `conflict` while it is being written. */
  erase(request: ErasureRequest): Promise<void>;
  /** Deletes without a record: the caller makes one for all. */
  eraseAll(traceIds: readonly string[]): void;
  /** Takes what is deleted from the queue and from Redis, tells others, and hears of what they deleted. */
  readonly step: PumpStep;
}

/** What erasing works on. */
export interface ErasingParts extends EventParts {
  readonly local: LocalStores;
  readonly desk: Desk;
  /** Told when there is something to take away elsewhere. */
  readonly wake: () => void;
}

const BATCH = 100;
const HEARD = "heard_erasures";
/** A trace that was just joining an item may be noted as its after it is gone. */
const RELEASE_MS = 600_000;

/** Makes what deletes. */
export function createErasing(parts: ErasingParts): Erasing {
  const { local, desk, wake, clock = Date.now } = parts;
  const { erasures } = local;
  const hear = createErasureHearing(parts);
  const step: PumpStep = {
    name: "erasures",
    async run(epoch) {
      await forgetAll(parts, epoch);
      await hear(epoch);
      erasures.release(clock() - RELEASE_MS);
    },
  };
  const isKnown = async (id: string): Promise<boolean> =>
    ((await desk.traces.get(id)) ?? (await desk.queue.itemOf(id))) !== undefined;

  return {
    async find(id) {
      const parts = { ...local, scores: desk.scores };
      const named = id.startsWith("tr_") ? [id] : await findTracesOfRequest(parts, id);
      const known = await Promise.all(named.map(isKnown));
      return named.filter((_, index) => known[index]);
    },
    async erase({ traceId, actor, reason }) {
      if (!(await isKnown(traceId))) throw new GatewayError("not_found", `There is no trace ${traceId}.`);
      if (erasures.erase([traceId], clock()).length === 0) {
        const message = `${traceId} is still being written; delete it when its reply has ended.`;
        throw new GatewayError("conflict", message);
      }
      erasures.flush();
      await recordEvent(parts, { actor, event: "delete", traceId, detail: { reason } });
      if (desk.place !== undefined) await step.run(await desk.epoch());
      wake();
    },
    eraseAll(traceIds) {
      for (let from = 0; from < traceIds.length; from += BATCH)
        erasures.erase(traceIds.slice(from, from + BATCH), clock());
      wake();
    },
    step,
  };
}

/** What this gateway deleted goes from the other side, too. */
async function forgetAll({ local, desk }: ErasingParts, epoch: string): Promise<void> {
  const { erasures } = local;
  for (;;) {
    const ids = erasures.listUntold(epoch, BATCH);
    if (ids.length === 0) return;
    await desk.erasures?.tell(ids);
    for (const id of ids) {
      await desk.forget(id);
      erasures.markTold(id, epoch);
    }
  }
}

/** What others deleted goes here, too; and once more from the other side, where this gateway may have put it meanwhile. */
function createErasureHearing({ local, desk, clock = Date.now }: ErasingParts): (epoch: string) => Promise<void> {
  const { erasures, settings } = local;
  const { erasures: shared } = desk;
  if (shared === undefined) return async () => undefined;
  async function take(traceIds: readonly string[], epoch: string): Promise<boolean> {
    const news = traceIds.filter((id) => !erasures.isErased(id));
    if (news.length > 0) erasures.erase(news, clock());
    for (const id of news) {
      await desk.forget(id);
      erasures.markTold(id, epoch);
    }
    if (news.length > 0) erasures.flush();
    return news.length > 0;
  }
  return createHearing({ settings, name: HEARD, hear: shared.hear, take, clock });
}
