import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { QueuedItem, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, ReviewDecision } from "../trace/stores.ts";
import { excludedAt, standingOf } from "./opinions.ts";
import type { Session } from "./sessions.ts";

/** What taking a verdict back needs. */
export interface WithdrawalParts {
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  readonly clock?: () => number;
}

const HOLD_MS = 60_000;

/**
 * Takes back the last standing verdict on an item, which then waits at the stage of that verdict. The item is held while the
 * withdrawal is written: were the process to die before, the next claim would find the verdict standing and carry it out.
 */
export async function withdraw(
  { decisions, queue, clock = Date.now }: WithdrawalParts,
  { reviewer, role }: Pick<Session, "reviewer" | "role">,
  item: QueuedItem,
): Promise<ReviewDecision> {
  const { traceId } = item;
  const standing = standingOf(await decisions.list(traceId));
  const { last } = standing;
  if (last === undefined) throw new GatewayError("conflict", `There is no verdict on ${traceId} to take back.`);
  if (last.reviewer !== reviewer && role !== "lead")
    throw new GatewayError("role_required", `Only ${last.reviewer} or a lead takes back the verdict on ${traceId}.`);
  const { stage, detector, blind } = last;
  const back = { stage, excluded: excludedAt(stage, standing) };
  if (item.state === "decided" || item.state === "dead") await queue.reopen(traceId, back);
  // Under a name of its own, since the queue keeps the item from those who gave a verdict.
  const claimant = `${reviewer} (undo)`;
  const stages = ["first", "second", "escalated"] as const;
  const held = await queue.claim({ reviewer: claimant, leaseMs: HOLD_MS, traceId, stages });
  if (held === undefined) {
    const holder = (await queue.get(traceId))?.claimedBy ?? "someone else";
    throw new GatewayError("conflict", `${traceId} is being reviewed by ${holder}; the verdict stands.`);
  }
  const id = `de_${randomBytes(16).toString("hex")}`;
  const decision = { id, traceId, verdict: "withdrawn", reviewer, note: "", decidedAt: clock() } as const;
  const withdrawal = { ...decision, detector, stage, blind };
  try {
    await decisions.add(withdrawal);
  } catch (error) {
    await queue.release(traceId, held.token).catch(() => undefined);
    throw error;
  }
  await queue.passOn(traceId, held.token, back);
  return withdrawal;
}
