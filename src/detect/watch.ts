import { createAggregate } from "./aggregate.ts";
import type { DetectorScore, ErrorFinding, Finding, NamedShare } from "./finding.ts";
import { logRatioAt } from "./likelihood.ts";
import type { Kind, Positions, RawScore, Scorer, Step } from "./kinds/kind.ts";
import type { LoadedDetector } from "./loader.ts";
import type { RunSample } from "./run-counter.ts";
import { sideOf } from "./sides.ts";

/** Which function of a kind runs. */
export type DetectorWork = "start" | "score";

/** Told when a detector's own code gets the thread, and when it gives it back. */
export interface WorkMark {
  /** The detector by its place among the panel's. */
  begin(detector: number, work: DetectorWork): void;
  end(): void;
}

/** One detector at work on one request. */
export interface Watch {
  readonly positions: Positions;
  /** Undefined where the kind has nothing to say, and ever after an error was reported. */
  judge(step: Step): Finding | undefined;
  summary(): DetectorScore;
}

/** What a watch is made of. */
export interface WatchOptions {
  readonly detector: LoadedDetector;
  readonly kind: Kind;
  /** Index of the detector's first read among the panel's. */
  readonly firstRead: number;
  readonly positions: Positions;
  readonly budgetMs: number;
  /** The detector's place among the panel's. */
  readonly place: number;
  readonly mark: WorkMark;
  /** It never came back once, and is not asked again. */
  readonly isStuck: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly count: (sample: RunSample) => void;
}

type Largest = Pick<DetectorScore, "position" | "tap"> & { readonly score: number };
type Failure = Pick<ErrorFinding, "errorType" | "message">;

const STUCK: Failure = {
  errorType: "stuck",
  message: "it did not come back once, and is left out until another engine takes over",
};

/** Starts one detector for one request. A kind that throws while starting is reported at the first judged step. */
export function createWatch(options: WatchOptions): Watch {
  const { detector, positions, now } = options;
  const scorer = options.isStuck ? undefined : startScorer(options);
  const aggregate = createAggregate(detector.aggregate);
  let failure: Failure | undefined;
  let fired = false;
  let largest: Largest | undefined;

  function measure(own: Scorer, step: Step): Finding | undefined {
    const { raw, thrown } = scoreStep(own, narrowStep(step, options));
    if (thrown !== undefined) return fail(step, { errorType: "threw", message: thrown });
    if (raw === undefined) return undefined;
    const score = aggregate.push(raw.score);
    if (!Number.isFinite(raw.score) || !Number.isFinite(score)) {
      return fail(step, { errorType: "not_finite", message: `the score is ${raw.score}` });
    }
    if (step.beforePromptEnd === true && detector.aggregate.compare === "prompt_end") return undefined;
    const finding = compare({ detector, step, raw, score });
    fired ||= finding.verdict === "fired";
    if (largest === undefined || score > largest.score) {
      largest = { score, position: step.position, tap: raw.tap ?? null };
    }
    return finding;
  }

  function fail(step: Step, what: Failure): ErrorFinding {
    failure = what;
    return { verdict: "error", detector: detector.id, position: step.position, ...what };
  }

  return {
    positions,
    judge(step) {
      if (failure !== undefined) return undefined;
      const startedMs = now();
      const measured = scorer === undefined ? fail(step, STUCK) : marked(options, "score", () => measure(scorer, step));
      const tookMs = now() - startedMs;
      // A late firing stays a firing: as an error it might be let pass.
      const finding =
        tookMs > options.budgetMs && (measured === undefined || measured.verdict === "clear")
          ? fail(step, {
              errorType: "timeout",
              message: `one step took ${Math.round(tookMs)} ms, over ${options.budgetMs}`,
            })
          : measured;
      if (finding !== undefined) options.count(sample({ finding, step, positions, seconds: tookMs / 1000 }));
      return finding;
    },
    summary: () => ({ ...describeLargest(detector, largest), fired, error: failure ? describeFailure(failure) : null }),
  };
}

function describeLargest({ id, hash }: LoadedDetector, largest: Largest | undefined) {
  const { score, position, tap } = largest ?? { score: null, position: null, tap: null };
  return { detector: id, hash, score, position, tap };
}

function describeFailure({ errorType, message }: Failure): string {
  return `${errorType}: ${message}`;
}

/** Runs a detector's own code, and says so. */
function marked<Value>({ mark, place }: WatchOptions, work: DetectorWork, run: () => Value): Value {
  mark.begin(place, work);
  try {
    return run();
  } finally {
    mark.end();
  }
}

function startScorer(options: WatchOptions): Scorer {
  const { kind, detector, positions } = options;
  try {
    return marked(options, "start", () => kind.start(detector.resolved, positions));
  } catch (error) {
    return {
      score() {
        throw error;
      },
    };
  }
}

function scoreStep(scorer: Scorer, step: Step): { raw?: RawScore | undefined; thrown?: string } {
  try {
    const raw: unknown = scorer.score(step);
    if (raw !== undefined && (typeof raw !== "object" || raw === null))
      throw new Error(`the kind returned ${raw === null ? "null" : typeof raw}`);
    return { raw: raw === undefined ? undefined : copyScore(raw as RawScore) };
  } catch (error) {
    return { thrown: error instanceof Error ? error.message : String(error) };
  }
}

/** Takes what a kind returned out of its hands, once; its names are asked for when they are needed. */
function copyScore(raw: RawScore): RawScore {
  const { score, tap } = raw;
  if (typeof score !== "number") throw new Error(`the kind's score is of type ${typeof score}`);
  if (tap !== undefined && typeof tap !== "string") throw new Error(`the kind's tap is of type ${typeof tap}`);
  return {
    score,
    ...(tap === undefined ? {} : { tap }),
    get names() {
      return (raw.names ?? []).map(({ name, share }) => ({ name: String(name), share: Number(share) }));
    },
  };
}

/** A kind sees its own reads only, counted from 0. */
function narrowStep(step: Step, { detector, firstRead }: WatchOptions): Step {
  const { position, phase, token, text } = step;
  return {
    position,
    phase,
    token,
    text,
    reading(index) {
      if (detector.reads[index] === undefined) throw new Error(`there is no read ${index}`);
      return step.reading(firstRead + index);
    },
  };
}

function compare(what: { detector: LoadedDetector; step: Step; raw: RawScore; score: number }): Finding {
  const { detector, step, raw, score } = what;
  const { position } = step;
  // Spelt out, since nearly every position is clear and spreading an object costs as much as scoring it.
  if (score < detector.threshold) return { detector: detector.id, position, score, verdict: "clear" };
  const isStrong = score >= detector.abortThreshold;
  const { calibration } = detector;
  const likelihood = calibration.status === "calibrated" ? calibration.likelihood : undefined;
  return {
    detector: detector.id,
    position,
    score,
    verdict: "fired",
    level: isStrong ? "abort" : "flag",
    raw: raw.score,
    threshold: isStrong ? detector.abortThreshold : detector.threshold,
    ...(likelihood === undefined ? {} : { logRatio: logRatioAt(likelihood, score) }),
    phase: step.phase,
    token: { id: step.token, text: step.text },
    ...(raw.tap === undefined ? {} : { tap: raw.tap }),
    names: namesOf(raw),
  };
}

/** A firing stays a firing when its names cannot be told. */
function namesOf(raw: RawScore): readonly NamedShare[] {
  try {
    return raw.names ?? [];
  } catch {
    return [];
  }
}

function sample(what: { finding: Finding; step: Step; positions: Positions; seconds: number }): RunSample {
  const { finding, step, positions, seconds } = what;
  const errorType = finding.verdict === "error" ? finding.errorType : "";
  return {
    detector: finding.detector,
    phase: sideOf(step.phase, positions),
    verdict: finding.verdict,
    errorType,
    seconds,
  };
}
