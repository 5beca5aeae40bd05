import { createHash } from "node:crypto";
import type { ReviewConfig } from "../config/review-config.ts";
import type { ItemPlace } from "../queue/delivery.ts";
import type { ItemStage, QueuedItem } from "../queue/queue.ts";
import type { NextStep, ReviewDecision } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";

/** The verdicts on one trace that were neither withdrawn nor superseded. */
export interface Standing {
  readonly byStage: Readonly<Partial<Record<ItemStage, ReviewDecision>>>;
  /** The one given last. */
  readonly last: ReviewDecision | undefined;
}

/** A later verdict of a stage supersedes the earlier one, a withdrawal takes away that of its stage. `decisions` is oldest first. */
export function standingOf(decisions: readonly ReviewDecision[]): Standing {
  const kept = new Map<ItemStage, ReviewDecision>();
  for (const decision of decisions) {
    // Deleting first puts the new one last.
    kept.delete(decision.stage);
    if (decision.verdict !== "withdrawn") kept.set(decision.stage, decision);
  }
  return { byStage: Object.fromEntries(kept), last: [...kept.values()].at(-1) };
}

/**
 * After `escalate` a lead decides. A first verdict on a drawn item goes on to a second reviewer. Two verdicts that
 * contradict one another go to a lead. A verdict that says where its item went is taken at its word, since the share may have
 * changed; otherwise the draw follows from the trace id. So a repeated step is the same step.
 */
export function nextStep(decision: ReviewDecision, standing: Standing, secondOpinion: number): NextStep {
  const { stage, verdict, traceId, next } = decision;
  if (next !== undefined) return next;
  if (verdict === "escalate") return "escalated";
  if (stage === "first") return isDrawn(traceId, secondOpinion) ? "second" : "decided";
  if (stage === "second" && contradicts(standing.byStage.first, decision)) return "escalated";
  return "decided";
}

/** The share of items that a second reviewer sees. One reviewer alone would leave second opinions waiting for ever. */
export function secondOpinionShare({ reviewers, secondOpinion }: Pick<ReviewConfig, "reviewers" | "secondOpinion">) {
  return reviewers.length === 1 ? 0 : secondOpinion;
}

const LAST_FIRST = ["escalated", "second", "first"] as const;

/**
 * Where an item stands by everything that was said of it, oldest first: after the verdict of its latest stage. Without one it
 * waits where the last verdict was taken back.
 */
export function placeOf(decisions: readonly ReviewDecision[], secondOpinion: number): ItemPlace {
  const standing = standingOf(decisions);
  const at = (stage: ItemStage) => ({ stage, excluded: excludedAt(stage, standing) });
  const reached = LAST_FIRST.find((stage) => standing.byStage[stage] !== undefined);
  const given = reached === undefined ? undefined : standing.byStage[reached];
  if (given === undefined) return { ...at(decisions.at(-1)?.stage ?? "first"), state: "unjudged" };
  const next = nextStep(given, standing, secondOpinion);
  return next === "decided" ? { ...at(given.stage), state: "decided" } : { ...at(next), state: "judged" };
}

/** Reviewers who may not take an item at a stage, since they gave an opinion already. */
export function excludedAt(stage: ItemStage, { byStage }: Standing): string[] {
  return stage === "second" && byStage.first !== undefined ? [byStage.first.reviewer] : [];
}

/** Whether scores and action are hidden from a reviewer: the item is blind, open, and they never gave a verdict on it. */
export function isHidden(
  item: Pick<QueuedItem, "blind" | "state">,
  decisions: readonly ReviewDecision[],
  reviewer: string,
): boolean {
  return item.blind && item.state !== "decided" && !decisions.some((decision) => decision.reviewer === reviewer);
}

/** Whether a trace that is no item yet could become a blind one. `blind`: the share of flagged items that are. */
export function mayBeBlind({ sample }: Pick<Trace, "sample">, blind: number): boolean {
  return sample !== null || blind > 0;
}

/** Whether a reviewer must not see what others said: a second opinion is their own, and so is a blind one. */
export function isAlone(
  item: Pick<QueuedItem, "blind" | "state" | "stage" | "excluded">,
  decisions: readonly ReviewDecision[],
  reviewer: string,
): boolean {
  if (isHidden(item, decisions, reviewer)) return true;
  return item.stage === "second" && item.state !== "decided" && !item.excluded.includes(reviewer);
}

function contradicts(first: ReviewDecision | undefined, second: ReviewDecision): boolean {
  const pair = [first?.verdict, second.verdict];
  return pair.includes("true_positive") && pair.includes("false_positive");
}

function isDrawn(traceId: string, share: number): boolean {
  const hash = createHash("sha256").update(`second opinion ${traceId}`).digest();
  return hash.readUInt32BE(0) / 2 ** 32 < share;
}
