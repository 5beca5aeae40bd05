import type { DetectorScore } from "../detect/finding.ts";
import type { EndReason } from "../engine/engine.ts";
import type { RowSampling, ScoreRow, TraceSample } from "./trace.ts";

/** Shares from 0 to 1: of clear replies and of near ones that are kept, and the highest-scoring share that counts as near. */
export interface SampleShares {
  readonly clear: number;
  readonly near: number;
  readonly nearShare: number;
}

export interface SamplerOptions {
  readonly shares: SampleShares;
  /** The score at which a detector or combination fires under a policy, where it is known. */
  readonly thresholdOf: (policy: string, detector: string) => number | null;
  /** From 0 up to 1. */
  readonly random?: () => number;
  /** Rows of before, newest first: where the sampler goes on. */
  readonly recent?: readonly ScoreRow[];
}

/** A reply that ended, as far as sampling looks at it. */
export interface EndedReply {
  readonly policy: string;
  readonly reason: EndReason;
  readonly flagged: boolean;
  readonly scores: readonly DetectorScore[];
}

/** Draws replies that nothing flagged, so that what the detectors miss can be counted. */
export interface Sampler {
  /** Undefined where this reply could not be drawn at all. `sample` is null where it was not kept. */
  draw(reply: EndedReply): { readonly sampling: RowSampling; readonly sample: TraceSample | null } | undefined;
}

/** A client that leaves has read what left before; runs that oversight itself ended showed nothing more. */
const DRAWN_REASONS: readonly EndReason[] = ["stop", "length", "cancelled", "deadline"];

/**
 * One detector is drawn uniformly of those that judged the reply, and the reply kept with the share of its stratum: near where that detector's largest score
 * reached its threshold (only observed) or lies in the top `nearShare` of its recent unflagged replies, else clear.
 */
export function createSampler({ shares, thresholdOf, random = Math.random, recent = [] }: SamplerOptions): Sampler {
  const windows = new Map<string, ScoreWindow>();
  const windowOf = (detector: string): ScoreWindow => {
    const known = windows.get(detector) ?? createScoreWindow(shares.nearShare);
    windows.set(detector, known);
    return known;
  };
  for (const { flagged, scores } of [...recent].reverse()) {
    if (!flagged) for (const { detector, score } of judged(scores)) windowOf(detector).add(score);
  }

  return {
    draw({ policy, reason, flagged, scores }) {
      if (shares.clear === 0 && shares.near === 0) return undefined;
      const each = judged(scores);
      if (flagged)
        return { sampling: { clear: shares.clear, near: shares.near, nearDetectors: [], drawn: null }, sample: null };
      if (!DRAWN_REASONS.includes(reason) || each.length === 0) return undefined;
      const isNear = ({ detector, score, fired }: JudgedScore): boolean => fired || score >= windowOf(detector).cut();
      const near = each.filter(isNear).map(({ detector }) => detector);
      for (const { detector, score } of each) windowOf(detector).add(score);
      const sampling = { clear: shares.clear, near: shares.near, nearDetectors: near, drawn: null };
      const asked = each[Math.floor(random() * each.length)];
      if (asked === undefined) return { sampling, sample: null };
      const { detector, score } = asked;
      const stratum = near.includes(detector) ? "near" : "clear";
      if (random() >= shares[stratum]) return { sampling, sample: null };
      const probability = shares[stratum] / each.length;
      const sample = { detector, score, threshold: thresholdOf(policy, detector), stratum, probability } as const;
      return { sampling: { ...sampling, drawn: detector }, sample };
    },
  };
}

type JudgedScore = DetectorScore & { readonly score: number };

/** The detectors that judged a reply and did not break. */
export function judged(scores: readonly DetectorScore[]): JudgedScore[] {
  return scores.filter((each): each is JudgedScore => each.score !== null && each.error === null);
}

interface ScoreWindow {
  add(score: number): void;
  /** At or above this a score is near; infinite before enough are known. */
  cut(): number;
}

const WINDOW = 10_000;
const FEWEST = 200;
/** Sorting 10,000 scores takes about a millisecond, so that the cut is taken anew only this often. */
const RENEWED_EVERY = 50;

/** The last 10,000 scores of one detector. */
function createScoreWindow(nearShare: number): ScoreWindow {
  const scores = new Float64Array(WINDOW);
  let [added, cut, since] = [0, Infinity, RENEWED_EVERY];
  return {
    add(score) {
      scores[added % WINDOW] = score;
      added += 1;
      since += 1;
    },
    cut() {
      const known = Math.min(added, WINDOW);
      if (known < FEWEST || nearShare === 0) return Infinity;
      if (since < RENEWED_EVERY) return cut;
      since = 0;
      const sorted = scores.slice(0, known).sort();
      cut = sorted[Math.min(known - 1, Math.floor(known * (1 - nearShare)))] ?? Infinity;
      return cut;
    },
  };
}
