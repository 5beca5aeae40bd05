import type { FlagEvidence } from "../../src/engine/engine.ts";
import type { FiredFinding } from "../../src/detect/finding.ts";
import type { QueuedItem, ReviewItem } from "../../src/queue/queue.ts";
import type { ReviewDecision } from "../../src/trace/stores.ts";
import type { ScoreRow, Trace, TraceEnd, TraceHead } from "../../src/trace/trace.ts";

/** Text that a careless store cuts or changes: NUL, a lone surrogate, bidi, an emoji of four code points. */
export const AWKWARD_TEXT = "a\u0000b \ud800 \u202e'; DROP TABLE traces; -- \u{1f469}\u200d\u{1f680} \\u0000";

export function traceId(number: number): string {
  return `tr_${number.toString(16).padStart(32, "0")}`;
}

export function sampleHead(number = 1, changes: Partial<TraceHead> = {}): TraceHead {
  return {
    id: traceId(number),
    requestId: `request-${number}`,
    createdAt: 1_700_000_000_000 + number,
    endpoint: "chat",
    model: { name: "smollm2-135m-instruct", sha256: "ab".repeat(32), precision: "fast" },
    policy: "demo",
    mode: "enforce",
    conversation: [{ role: "user", content: "Tell me about sushi." }],
    keyId: null,
    detectorHashes: { "country-channel": "0123456789abcdef" },
    ...changes,
  };
}

export function sampleFinding(changes: Partial<FiredFinding> = {}): FiredFinding {
  return {
    detector: "country-channel",
    position: 14,
    verdict: "fired",
    level: "abort",
    score: 6.5,
    raw: 7.25,
    threshold: 5,
    phase: "generation",
    token: { id: 253, text: " a" },
    tap: "23.attn_out",
    names: [
      { name: "Japan", share: 0.91 },
      { name: "China", share: 0.06 },
    ],
    ...changes,
  };
}

const GENERATED = [
  { id: 67, text: "S" },
  { id: 1241, text: "ushi" },
  { id: 314, text: " is" },
  { id: 253, text: " a" },
];

export function sampleEvidence(changes: Partial<FlagEvidence> = {}): FlagEvidence {
  return {
    finding: sampleFinding(),
    decision: { action: "abort", detector: "country-channel", rule: "demo.country-channel: abort" },
    detectors: ["country-channel", "audit-approval"],
    live: [
      { position: 10, token: 30, text: ".", scores: [null, null] },
      { position: 11, token: 67, text: "S", scores: [-2.5, 0.25] },
      { position: 12, token: 1241, text: "ushi", scores: [-1, 0.5] },
      { position: 13, token: 314, text: " is", scores: [3.5, 0.125] },
      { position: 14, token: 253, text: " a", scores: [6.5, 0.0625] },
    ],
    lens: [
      {
        tap: "23.attn_out",
        top: [
          { id: 5200, text: " Japan", probability: 0.5 },
          { id: 9, text: " China", probability: 0.125 },
        ],
      },
    ],
    generated: GENERATED,
    released: 3,
    ...changes,
  };
}

export function sampleEnd(changes: Partial<TraceEnd> = {}): TraceEnd {
  return {
    endedAt: 1_700_000_009_000,
    reason: "abort",
    decision: { action: "abort", detector: "country-channel", rule: "demo.country-channel: abort" },
    promptTokens: 11,
    releasedTokens: 3,
    generated: GENERATED,
    scores: [
      {
        detector: "country-channel",
        hash: "0123456789abcdef",
        score: 6.5,
        position: 14,
        tap: "23.attn_out",
        fired: true,
        error: null,
      },
    ],
    ...changes,
  };
}

export function sampleTrace(changes: Partial<Trace> = {}): Trace {
  return {
    head: sampleHead(),
    state: "complete",
    evidence: [sampleEvidence()],
    end: sampleEnd(),
    queued: true,
    sample: null,
    ...changes,
  };
}

export function sampleScoreRow(number = 1, changes: Partial<ScoreRow> = {}): ScoreRow {
  return {
    requestId: `request-${number}`,
    createdAt: 1_700_000_000_000 + number,
    policy: "demo",
    model: "smollm2-135m-instruct",
    reason: "stop",
    flagged: false,
    promptTokens: 11,
    generatedTokens: 40,
    scores: [
      {
        detector: "country-channel",
        hash: "0123456789abcdef",
        score: null,
        position: null,
        tap: null,
        fired: false,
        error: null,
      },
    ],
    ...changes,
  };
}

export function sampleItem(number = 1, changes: Partial<ReviewItem> = {}): ReviewItem {
  return {
    traceId: traceId(number),
    detector: "country-channel",
    action: "abort",
    score: 6.5,
    threshold: 5,
    priority: 1_000,
    createdAt: 1_700_000_000_000 + number,
    model: "smollm2-135m-instruct",
    keyId: null,
    repetition: traceId(number),
    blind: false,
    sample: null,
    ...changes,
  };
}

export function sampleDecision(number = 1, changes: Partial<ReviewDecision> = {}): ReviewDecision {
  decisions += 1;
  return {
    id: `de_${decisions.toString(16).padStart(32, "0")}`,
    traceId: traceId(number),
    verdict: "unsure",
    reviewer: "ada",
    note: "",
    decidedAt: 1_700_000_000_000,
    detector: "country-channel",
    stage: "first",
    blind: false,
    ...changes,
  };
}

let decisions = 0;

export function sampleQueuedItem(number = 1, changes: Partial<QueuedItem> = {}): QueuedItem {
  const placed = {
    state: "waiting",
    stage: "first",
    excluded: [],
    claimedBy: null,
    leaseUntil: null,
    count: 1,
  } as const;
  return { ...sampleItem(number), ...placed, ...changes };
}
