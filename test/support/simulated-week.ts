import { variatesFrom } from "../../src/evaluation/variates.ts";
import type { Answer, JudgedReply } from "../../src/review/judged-reply.ts";

/** A week of replies with known truth. */
export interface WeekSettings {
  readonly replies: number;
  /** Share of replies with the concept. */
  readonly prevalence: number;
  /** Share of them that the detector finds, in expectation. */
  readonly recall: number;
  /** Share of replies without the concept that flag, in expectation. */
  readonly falseAlarms: number;
  /** Share of the positives that score like negatives: a kind of text that the detector is blind to. */
  readonly blindShare: number;
  readonly clear: number;
  readonly near: number;
  readonly nearShare: number;
  /** Share of the queue that is worked, the most urgent first. Sampled replies lie anywhere in it. */
  readonly worked: number;
  /** Share of answers that are unsure. */
  readonly unsure: number;
  /** How many other detectors share the draw. */
  readonly otherDetectors: number;
}

export const PLAIN_WEEK: WeekSettings = {
  replies: 20_000,
  prevalence: 0.005,
  recall: 0.6,
  falseAlarms: 0.005,
  blindShare: 0,
  clear: 0.001,
  near: 0.02,
  nearShare: 0.01,
  worked: 0.7,
  unsure: 0,
  otherDetectors: 0,
};

/** Replies as they were judged and answered, each with its truth, and the true recall and precision of the threshold. */
export interface SimulatedWeek {
  readonly replies: readonly (JudgedReply & { readonly truth: boolean })[];
  readonly threshold: number;
  readonly recall: number;
  readonly precision: number;
}

/** Weeks that are harder in one way or another, by what is different. */
export const WEEKS: Readonly<Record<string, Partial<WeekSettings>>> = {
  "0.1 % clear, 2 % near, 70 % worked": {},
  "all worked": { worked: 1 },
  "a third worked": { worked: 0.33 },
  "1 % clear, 20 % near": { clear: 0.01, near: 0.2 },
  "5 % clear, 50 % near": { clear: 0.05, near: 0.5 },
  "5 % clear, 50 % near, a third worked": { clear: 0.05, near: 0.5, worked: 0.33 },
  "5 % clear, 50 % near, 3 in 10 positives score like negatives": { clear: 0.05, near: 0.5, blindShare: 0.3 },
  "20 % clear, all near": { clear: 0.2, near: 1 },
  "20 % clear, all near, a tenth unsure": { clear: 0.2, near: 1, unsure: 0.1 },
  "prevalence 0.05 %": { prevalence: 0.0005, clear: 0.05, near: 0.5 },
  "recall 95 %": { recall: 0.95, clear: 0.05, near: 0.5 },
  "recall 10 %": { recall: 0.1, clear: 0.05, near: 0.5 },
  "false alarms 5 %": { falseAlarms: 0.05, clear: 0.05, near: 0.5, worked: 0.33 },
  "four detectors share the draw": { otherDetectors: 3, clear: 0.05, near: 0.5 },
  "100,000 replies, 1 % clear, 20 % near": { replies: 100_000, clear: 0.01, near: 0.2 },
};

/** The threshold and the shift of the positives that give a false-alarm rate and a recall with normal scores. */
function shape({ falseAlarms, recall, blindShare }: WeekSettings): { threshold: number; shift: number } {
  const threshold = normalQuantile(1 - falseAlarms);
  const seen = (recall - blindShare * falseAlarms) / (1 - blindShare);
  return { threshold, shift: threshold - normalQuantile(1 - Math.min(seen, 0.999)) };
}

/** Draws a week. */
export function simulateWeek(settings: WeekSettings, seed: number): SimulatedWeek {
  const variates = variatesFrom(seed);
  const { threshold, shift } = shape(settings);
  const drawn = Array.from({ length: settings.replies }, () => {
    const truth = variates.share() < settings.prevalence;
    const isBlind = truth && variates.share() < settings.blindShare;
    const score = variates.normal() + (truth && !isBlind ? shift : 0);
    return { truth, score, fired: score >= threshold };
  });
  const silent = drawn.filter(({ fired }) => !fired).map(({ score }) => score);
  const cut = Float64Array.from(silent).sort()[Math.floor(silent.length * (1 - settings.nearShare))] ?? Infinity;
  const replies = drawn.map((reply) => {
    const frame = reply.fired ? ("flagged" as const) : reply.score >= cut ? ("near" as const) : ("clear" as const);
    const probability = frame === "flagged" ? 1 : settings[frame] / (1 + settings.otherDetectors);
    const isQueued = variates.share() < probability;
    // Urgency as the queue has it: flagged by excess over the threshold, sampled anywhere.
    const urgency = !isQueued ? -1 : frame === "flagged" ? reply.score : threshold + 3 * variates.share();
    return { ...reply, frame, probability, isQueued, urgency };
  });
  const queue = replies.filter(({ isQueued }) => isQueued).sort((left, right) => right.urgency - left.urgency);
  const worked = new Set(queue.slice(0, Math.round(queue.length * settings.worked)));
  const answered = replies.map((reply) => {
    const { truth, score, fired, frame, probability } = reply;
    const given: Answer = variates.share() < settings.unsure ? "unsure" : truth ? "positive" : "negative";
    return { truth, score, fired, frame, probability, answer: worked.has(reply) ? given : null };
  });
  return { replies: answered, threshold, ...truthAt(answered, threshold) };
}

/** Recall and precision of a threshold on replies of known truth, and the share of negatives that alarm. */
export function truthAt(replies: readonly { truth: boolean; score: number }[], threshold: number) {
  const positives = replies.filter(({ truth }) => truth);
  const alarms = replies.filter(({ score }) => score >= threshold);
  const found = alarms.filter(({ truth }) => truth).length;
  return {
    recall: found / positives.length,
    precision: found / alarms.length,
    falseAlarmRate: (alarms.length - found) / (replies.length - positives.length),
    alarmRate: alarms.length / replies.length,
  };
}

function normalQuantile(share: number): number {
  let [low, high] = [-10, 10];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// Abramowitz and Stegun 7.1.26: error under 1.5e-7.
function normalShare(x: number): number {
  const t = 1 / (1 + 0.3275911 * (Math.abs(x) / Math.SQRT2));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - tail * Math.exp((-x * x) / 2);
  return x >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}
