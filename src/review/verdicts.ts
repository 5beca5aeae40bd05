import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Claim, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, ReviewDecision, Verdict } from "../trace/stores.ts";

/** What giving verdicts needs. */
export interface VerdictParts {
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  readonly log: Pick<Logger, "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** A verdict as it is given. Without `token` the item is claimed on the way. `supersede` allows one on a decided item. */
export interface GivenVerdict {
  readonly traceId: string;
  readonly verdict: Verdict;
  readonly note: string;
  readonly reviewer: string;
  readonly token?: string | undefined;
  readonly supersede?: boolean | undefined;
}

/** Who claims, for how long, and which item: the most urgent one when none is named. */
export interface ClaimOptions {
  readonly reviewer: string;
  readonly leaseMs: number;
  readonly traceId?: string | undefined;
}

/** Claiming and deciding, the same for page and terminal. */
export interface Verdicts {
  /** Like the queue's `claim`, but an item that has a verdict already (a process died in between) is finished and passed over. */
  claim(options: ClaimOptions): Promise<Claim | undefined>;
  /** Writes the verdict, then tells the queue. Throws `GatewayError` `not_found` or `conflict`. */
  decide(given: GivenVerdict): Promise<ReviewDecision>;
}

const DECIDE_LEASE_MS = 60_000;

/** Makes the two verbs. The verdict is always on disk before the queue lets go of the item. */
export function createVerdicts(parts: VerdictParts): Verdicts {
  const { decisions, queue, log, clock = Date.now } = parts;
  return {
    claim: (options) => claimUndecided(parts, options),
    async decide(given) {
      const { traceId, verdict, note, reviewer } = given;
      const item = await queue.get(traceId);
      if (item === undefined) throw new GatewayError("not_found", `There is no review item for ${traceId}.`);
      const id = `de_${randomBytes(16).toString("hex")}`;
      const { detector, stage, blind } = item;
      const decision = { id, traceId, verdict, note, reviewer, decidedAt: clock(), detector, stage, blind };
      if (item.state === "decided") {
        if (given.supersede !== true)
          throw new GatewayError("conflict", `${traceId} is decided already; say supersede to replace the verdict.`);
        await decisions.add(decision);
        return decision;
      }
      const token = await hold(parts, given);
      try {
        await decisions.add(decision);
      } catch (error) {
        if (given.token === undefined) await queue.release(traceId, token).catch(() => undefined);
        throw error;
      }
      // The verdict stands whatever the queue says; the next claim passes the item over.
      await queue
        .decide(traceId, token)
        .catch((error: unknown) => log.error({ err: error, traceId }, "a decided item could not leave the queue"));
      return decision;
    },
  };
}

async function claimUndecided(parts: VerdictParts, options: ClaimOptions): Promise<Claim | undefined> {
  const { decisions, queue } = parts;
  const { reviewer, leaseMs, traceId } = options;
  for (;;) {
    const claimed = await queue.claim({ reviewer, leaseMs, ...(traceId === undefined ? {} : { traceId }) });
    if (claimed === undefined || (await decisions.latest(claimed.item.traceId)) === undefined) return claimed;
    await queue.decide(claimed.item.traceId, claimed.token);
    if (traceId !== undefined) return undefined;
  }
}

/** Proves the given token, or claims the item; returns the token to decide with. */
async function hold(parts: VerdictParts, given: GivenVerdict): Promise<string> {
  const { traceId, reviewer, token } = given;
  if (token !== undefined) {
    await parts.queue.heartbeat(traceId, token, DECIDE_LEASE_MS);
    return token;
  }
  const claimed = await claimUndecided(parts, { reviewer, leaseMs: DECIDE_LEASE_MS, traceId });
  if (claimed !== undefined) return claimed.token;
  const holder = (await parts.queue.get(traceId))?.claimedBy ?? null;
  const message =
    holder === null ? `${traceId} has been decided meanwhile.` : `${traceId} is being reviewed by ${holder}.`;
  throw new GatewayError("conflict", message);
}
