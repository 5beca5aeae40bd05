import type { FlagEvidence } from "../engine/engine.ts";
import type { Trace } from "../trace/trace.ts";
import type { ReviewItem } from "./queue.ts";

/** Three classes share the priorities 1 to 1,000,000. */
const CLASS_SIZE = 333_333;

/**
 * The review item of a trace. Detector, action, score and threshold are those of the first evidence, the reason why the
 * trace exists; the priority is the most urgent of all its evidence.
 */
export function reviewItemOf(trace: Trace): ReviewItem {
  const { head } = trace;
  const [first] = trace.evidence;
  if (first === undefined) throw new Error(`trace ${head.id} has no evidence`);
  const fired = first.finding.verdict === "fired" ? first.finding : undefined;
  return {
    traceId: head.id,
    detector: first.finding.detector,
    action: first.decision.action,
    score: fired?.score ?? null,
    threshold: fired?.threshold ?? null,
    priority: Math.min(...trace.evidence.map(priorityOf)),
    createdAt: head.createdAt,
    model: head.model.name,
    keyId: head.keyId,
    repetition: head.id,
    blind: false,
    sample: null,
  };
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
