import type { EndReason } from "../engine/engine.ts";
import { ERRORS } from "../errors.ts";
import { OVERRIDE_MODES } from "../decide/policy.ts";
import { AUTH_REASONS } from "../http/observer.ts";
import { VERDICTS } from "../trace/stores.ts";
import { ALL_DETECTORS } from "./assurance.ts";
import { jobLabelSets } from "./job-series.ts";
import type { SeriesKey } from "./series.ts";

/** Label names to values. */
export type Labels = Readonly<Record<string, string>>;

/** What stands for a model that a caller made up, so that names cost no series. */
export const UNRESOLVED_MODEL = "unresolved";
/** `gen_ai_provider_name`. */
export const PROVIDER = "lensgate";
/** Why a detector is broken. */
export const ERROR_TYPES = ["threw", "not_finite", "timeout", "stuck"] as const;

/** What Redis is called for. */
export const REDIS_OPERATIONS = [
  "enqueue",
  "claim",
  "heartbeat",
  "release",
  "pass-on",
  "decide",
  "remove",
  "clear",
  "erasures",
  "overrides",
  "notes",
  "reopen",
  "get",
  "item-of",
  "joined",
  "members",
  "list",
  "stats",
  "jobs",
  "work-add",
  "work-depth",
  "check",
  "epoch",
  "trace",
  "enrichment",
  "let-go",
  "decisions",
  "scores",
  "audit",
] as const;
/** Ends and middle of an estimate. */
export const RECALL_BOUNDS = ["lower", "point", "upper"] as const;
const ENDINGS: Readonly<Record<EndReason, true>> = {
  stop: true,
  length: true,
  abort: true,
  unavailable: true,
  cancelled: true,
  deadline: true,
  failed: true,
};
const PASSES = ["prefill", "decode"];

/** Everything that can be a label's value. */
export interface KnownNames {
  readonly models: readonly string[];
  readonly detectors: readonly string[];
  readonly policies: readonly string[];
  /** Name of the queue's driver. */
  readonly queue: string;
}

/** The labels of one kind of call to one model. */
export function callLabels(operation: string, model: string): Labels {
  return {
    gen_ai_operation_name: operation,
    gen_ai_provider_name: PROVIDER,
    gen_ai_request_model: model,
    gen_ai_response_model: model,
  };
}

/** Every label combination of every labelled series that this process can produce. */
export function everyLabelSet(names: KnownNames): Partial<Record<SeriesKey, readonly Labels[]>> {
  const operations = ["chat", "text_completion"];
  const calls = (models: readonly string[]) =>
    cross(operations, models).map(([operation, model]) => callLabels(operation, model));
  const served = calls(names.models);
  const verdicts = ["clear", "fired", "error"].flatMap((verdict) =>
    (verdict === "error" ? ERROR_TYPES : [""]).map((error_type) => ({ verdict, error_type })),
  );
  return {
    requestDuration: merge(
      calls([...names.models, UNRESOLVED_MODEL]),
      label("error_type", ["", "4xx", "5xx", "cancelled"]),
    ),
    firstToken: served,
    firstDelivery: served,
    timePerOutputToken: served,
    tokenUsage: merge(served, label("gen_ai_token_type", ["input", "output"])),
    detectorDuration: merge(
      merge(label("detector", names.detectors), label("phase", ["prompt", "generation"])),
      verdicts,
    ),
    decisions: merge(
      label("detector", names.detectors),
      label("action", ["observe", "flag", "abort", "would_abort", "bypassed", "unconfirmed"]),
    ),
    aborts: merge(label("detector", names.detectors), label("policy", names.policies)),
    failOpen: merge(label("detector", names.detectors), label("reason", ERROR_TYPES)),
    score: label("detector", names.detectors),
    reviewJobs: label("state", ["waiting", "claimed", "decided", "dead"]).map((state) => ({
      queue: names.queue,
      ...state,
    })),
    reviewDecisions: label("decision", VERDICTS),
    redisFailures: label("op", REDIS_OPERATIONS),
    reviewJoined: label("reason", ["repeated", "flood"]),
    recallEstimate: merge(label("detector", names.detectors), label("bound", RECALL_BOUNDS)),
    rejections: label("reason", Object.keys(ERRORS)),
    runs: merge(label("policy", names.policies), label("reason", Object.keys(ENDINGS))),
    runPhase: label("phase", ["wait", "prefill", "decode"]),
    passSeconds: label("phase", PASSES),
    decodeOverhead: label("stage", ["lens", "judging"]),
    taxSpent: label("part", ["lens", "judging", "enrichment"]),
    lensShare: label("phase", PASSES),
    ...assuranceSets(names),
    ...jobLabelSets(names.queue),
    authDecisions: (["allow", "deny"] as const).flatMap((result) =>
      AUTH_REASONS[result].map((reason) => ({ result, reason })),
    ),
  };
}

function assuranceSets({ detectors }: KnownNames): Partial<Record<SeriesKey, readonly Labels[]>> {
  return {
    canarySuccess: label("detector", detectors),
    scoreDrift: label("detector", detectors),
    detectorStuck: label("detector", detectors),
    overrideActive: merge(label("detector", [...detectors, ALL_DETECTORS]), label("mode", OVERRIDE_MODES)),
  };
}

function label(name: string, values: readonly string[]): Labels[] {
  return values.map((value) => ({ [name]: value }));
}

function cross(left: readonly string[], right: readonly string[]): (readonly [string, string])[] {
  return left.flatMap((one) => right.map((other) => [one, other] as const));
}

function merge(left: readonly Labels[], right: readonly Labels[]): Labels[] {
  return left.flatMap((one) => right.map((other) => ({ ...one, ...other })));
}
