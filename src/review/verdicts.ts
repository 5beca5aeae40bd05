import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { Claim, ItemStage, QueuedItem, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, NextStep, ReviewDecision, Verdict } from "../trace/stores.ts";
import { recordEvent, type EventParts } from "./audit-events.ts";
import { excludedAt, isHidden, nextStep, standingOf, type Standing } from "./opinions.ts";
import type { Role } from "./sessions.ts";
import { withdraw } from "./withdrawal.ts";

/** What giving verdicts needs. */
export interface VerdictParts extends EventParts {
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  /** Share of items, 0 to 1, that a second reviewer sees after the first verdict. */
  readonly secondOpinion: number;
}

/** Who acts. */
export interface Actor {
  readonly reviewer: string;
  readonly role: Role;
}

/** A verdict as it is given. Without `token` the item is claimed on the way. `supersede` allows one on a decided item. */
export interface GivenVerdict extends Actor {
  readonly traceId: string;
  readonly verdict: Verdict;
  readonly note: string;
  readonly token?: string | undefined;
  readonly supersede?: boolean | undefined;
  /** True where scores are shown of blind items, too, as in the terminal. */
  readonly sighted?: boolean;
}

/** Who claims, for how long, and which item: the most urgent one of the detectors when none is named. */
export interface ClaimOptions extends Actor {
  readonly leaseMs: number;
  readonly traceId?: string | undefined;
  readonly detectors?: readonly string[] | undefined;
}

/** Claiming, deciding and taking back, the same for page and terminal. All of it is in the audit log. */
export interface Verdicts {
  /** Like the queue's `claim`, but an item whose verdict is there already (a process died in between) is passed on and over. */
  claim(options: ClaimOptions): Promise<Claim | undefined>;
  /** Writes the verdict, then tells the queue. Throws `GatewayError` `not_found`, `conflict` or `role_required`. */
  decide(given: GivenVerdict): Promise<{ readonly decision: ReviewDecision; readonly next: NextStep }>;
  /** Takes the last standing verdict back: one's own, or any for a lead. The item waits again where it was. */
  undo(options: Actor & { readonly traceId: string }): Promise<ReviewDecision>;
}

/** A claimed item and what proves the claim. */
type Held = Pick<Claim, "item" | "token">;

const DECIDE_LEASE_MS = 60_000;

/** Makes the verbs. A verdict is always on disk before the queue lets go of the item. */
export function createVerdicts(parts: VerdictParts): Verdicts {
  return {
    async claim(options) {
      const claimed = await claimUndecided(parts, options);
      const traceId = claimed?.item.traceId;
      if (traceId !== undefined) await recordEvent(parts, { actor: options.reviewer, event: "claim", traceId });
      return claimed;
    },
    async decide(given) {
      const item = await demandItem(parts, given.traceId);
      checkRole(given, item);
      return item.state === "decided" ? supersede(parts, given, item) : decide(parts, given, item);
    },
    async undo({ traceId, ...actor }) {
      const decision = await withdraw(parts, actor, await demandItem(parts, traceId));
      const detail = { stage: decision.stage };
      await recordEvent(parts, { actor: actor.reviewer, event: "undo", traceId, detail });
      return decision;
    },
  };
}

async function decide(parts: VerdictParts, given: GivenVerdict, seen: QueuedItem): ReturnType<Verdicts["decide"]> {
  const { decisions, queue, log } = parts;
  const { traceId, token } = given;
  // What was claimed just now may have gone on to another stage since it was read.
  const held = token === undefined ? await take(parts, given) : await prove(parts, { ...given, token }, seen);
  let decision: ReviewDecision;
  let standing: Standing;
  let next: NextStep;
  try {
    const earlier = await decisions.list(traceId);
    const said = toDecision(parts, given, { item: held.item, earlier });
    standing = standingOf([...earlier, said]);
    next = nextStep(said, standing, parts.secondOpinion);
    decision = { ...said, next };
    await decisions.add(decision);
  } catch (error) {
    if (token === undefined) await queue.release(traceId, held.token).catch(() => undefined);
    throw error;
  }
  // The verdict stands whatever the queue says; the next claim passes the item on.
  await moveOn(queue, held, { next, standing }).catch((error: unknown) =>
    log.error({ err: error, traceId }, "a decided item could not move on in the queue"),
  );
  await recordVerdict(parts, decision, next);
  return { decision, next };
}

/** Another verdict on a decided item: it stays decided, or goes to a lead. */
async function supersede(parts: VerdictParts, given: GivenVerdict, item: QueuedItem): ReturnType<Verdicts["decide"]> {
  const { decisions, queue } = parts;
  const { traceId, reviewer, role } = given;
  if (given.supersede !== true)
    throw new GatewayError("conflict", `${traceId} is decided already; say supersede to replace the verdict.`);
  const earlier = await decisions.list(traceId);
  const { last } = standingOf(earlier);
  if (role !== "lead" && last !== undefined && last.reviewer !== reviewer)
    throw new GatewayError("role_required", `Only a lead replaces the verdict of someone else on ${traceId}.`);
  const next = given.verdict === "escalate" ? "escalated" : "decided";
  const decision = { ...toDecision(parts, given, { item, earlier }), next } as const;
  await decisions.add(decision);
  if (next === "escalated") await queue.reopen(traceId, { stage: "escalated", excluded: [] });
  await recordVerdict(parts, decision, next);
  return { decision, next };
}

function recordVerdict(parts: VerdictParts, decision: ReviewDecision, next: NextStep): Promise<void> {
  const { traceId, verdict, stage, blind, reviewer: actor } = decision;
  const event = verdict === "escalate" ? "escalate" : "decide";
  return recordEvent(parts, { actor, event, traceId, detail: { verdict, stage, blind, next } });
}

/** Refuses what the stage does not allow. */
function checkRole({ traceId, verdict, role }: GivenVerdict, { stage }: QueuedItem): void {
  if (stage !== "escalated") return;
  if (role !== "lead") throw new GatewayError("role_required", `${traceId} is escalated: a lead decides it.`);
  if (verdict !== "escalate") return;
  throw new GatewayError("invalid_request", `${traceId} is escalated already; give a verdict.`, { param: "verdict" });
}

function toDecision(
  { clock = Date.now }: VerdictParts,
  given: GivenVerdict,
  { item, earlier }: { item: QueuedItem; earlier: readonly ReviewDecision[] },
): ReviewDecision {
  checkRole(given, item);
  const { traceId, verdict, note, reviewer, sighted } = given;
  const { detector, stage } = item;
  const id = `de_${randomBytes(16).toString("hex")}`;
  const blind = sighted !== true && isHidden(item, earlier, reviewer);
  return { id, traceId, verdict, reviewer, note, decidedAt: clock(), detector, stage, blind };
}

/** Puts a held item where its verdict leads. */
async function moveOn(
  queue: ReviewQueue,
  { item, token }: Held,
  { next, standing }: { next: NextStep; standing: Standing },
): Promise<void> {
  if (next === "decided") await queue.decide(item.traceId, token);
  else await queue.passOn(item.traceId, token, { stage: next, excluded: excludedAt(next, standing) });
}

async function claimUndecided(parts: VerdictParts, options: ClaimOptions): Promise<Claim | undefined> {
  const { decisions, queue } = parts;
  const { reviewer, role, leaseMs, traceId, detectors } = options;
  const stages: ItemStage[] = role === "lead" ? ["first", "second", "escalated"] : ["first", "second"];
  const named = traceId === undefined ? {} : { traceId };
  const wanted = detectors === undefined ? {} : { detectors };
  for (;;) {
    const claimed = await queue.claim({ reviewer, leaseMs, stages, ...named, ...wanted });
    if (claimed === undefined) return undefined;
    const { item } = claimed;
    const standing = standingOf(await decisions.list(item.traceId));
    const given = standing.byStage[item.stage];
    if (given === undefined) return claimed;
    const next = nextStep(given, standing, parts.secondOpinion);
    await moveOn(queue, claimed, { next, standing });
    // At another stage the named item may still be theirs to take.
    if (traceId !== undefined && next === "decided") return undefined;
  }
}

async function prove(
  parts: VerdictParts,
  given: GivenVerdict & { readonly token: string },
  item: QueuedItem,
): Promise<Held> {
  const { traceId, reviewer, token } = given;
  if (item.claimedBy !== null && item.claimedBy !== reviewer)
    throw new GatewayError("conflict", `${traceId} is being reviewed by ${item.claimedBy}.`);
  await parts.queue.heartbeat(traceId, token, DECIDE_LEASE_MS);
  return { item, token };
}

async function take(parts: VerdictParts, given: GivenVerdict): Promise<Held> {
  const { traceId, reviewer, role } = given;
  const claimed = await claimUndecided(parts, { reviewer, role, leaseMs: DECIDE_LEASE_MS, traceId });
  if (claimed !== undefined) return claimed;
  throw new GatewayError("conflict", whyNot(await parts.queue.get(traceId), given));
}

function whyNot(item: QueuedItem | undefined, { traceId, reviewer }: GivenVerdict): string {
  if (item !== undefined && item.claimedBy !== null) return `${traceId} is being reviewed by ${item.claimedBy}.`;
  if (item?.state === "dead") return `${traceId} was given up; a lead can revive it.`;
  if (item?.excluded.includes(reviewer) === true)
    return `You gave your verdict on ${traceId}; a second reviewer has to look at it.`;
  return `${traceId} has been decided meanwhile.`;
}

async function demandItem({ queue }: VerdictParts, traceId: string): Promise<QueuedItem> {
  const item = await queue.get(traceId);
  if (item === undefined) throw new GatewayError("not_found", `There is no review item for ${traceId}.`);
  return item;
}
