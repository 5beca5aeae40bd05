import { createHash } from "node:crypto";
import { stricter } from "../decide/decision.ts";
import type { FlagEvidence } from "../engine/engine.ts";
import type { Trace } from "../trace/trace.ts";
import type { ReviewItem } from "./queue.ts";

/** Three classes share the priorities 1 to 1,000,000. */
const CLASS_SIZE = 333_333;

/** What a trace does not say of its item. */
export interface ItemContext {
  /** Traces with the same value join one item: the trace's own id when absent. */
  readonly repetition?: string;
  /** Whether scores are hidden until the verdict; always for a sampled reply, which hides among such. */
  readonly blind?: boolean;
}

/**
 * The review item of a trace. Detector, score and threshold are those of the first evidence, the reason why the trace
 * exists; the action is the strictest of all its evidence, and the priority the most urgent. A sampled reply has the
 * detector that was drawn and the action `sample`. Where scores are hidden the id alone decides the place among the others,
 * since a place by urgency would tell them.
 */
export function reviewItemOf(trace: Trace, { repetition, blind = false }: ItemContext = {}): ReviewItem {
  const { head, sample } = trace;
  const base = { traceId: head.id, createdAt: head.createdAt, model: head.model.name, keyId: head.keyId };
  if (sample !== null) {
    const { detector, score, threshold, stratum, probability } = sample;
    const priority = hiddenPriority(head.id);
    const drawn = { detector, action: "sample", score, threshold, priority, sample: { stratum, probability } };
    return { ...base, ...drawn, repetition: head.id, blind: true };
  }
  const [first] = trace.evidence;
  if (first === undefined) throw new Error(`trace ${head.id} has no evidence`);
  const fired = first.finding.verdict === "fired" ? first.finding : undefined;
  return {
    ...base,
    detector: first.finding.detector,
    action: trace.evidence.map(({ decision }) => decision).reduce(stricter).action,
    score: fired?.score ?? null,
    threshold: fired?.threshold ?? null,
    priority: blind ? hiddenPriority(head.id) : Math.min(...trace.evidence.map(priorityOf)),
    repetition: repetition ?? head.id,
    blind,
    sample: null,
  };
}

/** Somewhere among what was stopped and what was flagged. */
function hiddenPriority(id: string): number {
  return 1 + Math.floor(shareOf(id, "priority") * 2 * CLASS_SIZE);
}

/** A number from 0 to below 1 that follows from id and purpose alone. */
export function shareOf(id: string, purpose: string): number {
  return createHash("sha256").update(`${purpose} ${id}`).digest().readUInt32BE() / 2 ** 32;
}

/**
 * 1 is looked at first, 1,000,000 last: class × 333,333 + 1 + ⌊333,332 ÷ (1 + excess)⌋. Class 0 is `abort`, 1 is `flag` and
 * `would_abort`, 2 the rest. The excess is score − threshold in the detector's own unit, so the order within a class is
 * meant for detectors of one kind; a broken detector has none.
 */
export function priorityOf(evidence: FlagEvidence): number {
  const { action } = evidence.decision;
  const rank = action === "abort" ? 0 : action === "flag" || action === "would_abort" ? 1 : 2;
  const { finding } = evidence;
  const excess = finding.verdict === "fired" ? finding.score - finding.threshold : 0;
  const share = excess > 0 ? 1 / (1 + excess) : 1;
  return rank * CLASS_SIZE + 1 + Math.floor((CLASS_SIZE - 1) * share);
}
