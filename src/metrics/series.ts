import { CONFIG_SERIES } from "./config-series.ts";
import { ASSURANCE_SERIES } from "./assurance.ts";
import { JOB_SERIES } from "./job-series.ts";
import { RUN_SERIES } from "./run-series.ts";

/** One series: what it is called, what it says, and how it is cut. */
export interface Series {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

const doubling = (from: number, count: number, factor = 2): number[] =>
  Array.from({ length: count }, (_, step) => from * factor ** step);

const CALL_LABELS = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"];
const FIRST_TOKEN_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Every series of lensgate but the process's own. The `gen_ai_` ones have the names, labels and buckets of OpenTelemetry's
 * conventions for generative AI, the `bullmq_` ones those of BullMQ.
 */
export const SERIES = {
  requestDuration: {
    kind: "histogram",
    name: "gen_ai_server_request_duration_seconds",
    help: "From the first header to the end of the body, of requests that generate. error_type: empty, 4xx, 5xx or cancelled.",
    labels: [...CALL_LABELS, "error_type"],
    buckets: doubling(0.01, 14),
  },
  firstToken: {
    kind: "histogram",
    name: "gen_ai_server_time_to_first_token_seconds",
    help: "From acceptance by the engine to the model's first token, released or not.",
    labels: CALL_LABELS,
    buckets: FIRST_TOKEN_SECONDS,
  },
  firstDelivery: {
    kind: "histogram",
    name: "oversight_first_delivery_seconds",
    help: "From the first header to the first generated text handed to the client: what the hold adds shows here.",
    labels: CALL_LABELS,
    buckets: FIRST_TOKEN_SECONDS,
  },
  timePerOutputToken: {
    kind: "histogram",
    name: "gen_ai_server_time_per_output_token_seconds",
    help: "(run duration − time to first token) / (generated tokens − 1), of runs with two tokens or more.",
    labels: CALL_LABELS,
    buckets: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
  },
  tokenUsage: {
    kind: "histogram",
    name: "gen_ai_client_token_usage",
    help: "Tokens of the prompt (input) and tokens released to the client (output), one observation a run.",
    labels: [...CALL_LABELS, "gen_ai_token_type"],
    buckets: doubling(1, 14, 4),
  },
  detectorDuration: {
    kind: "histogram",
    name: "oversight_detector_duration_seconds",
    help: "Judging one position by one detector. A run reports count and sum, so each of its observations is their mean; _count is the number of detector runs.",
    labels: ["detector", "phase", "verdict", "error_type"],
    buckets: doubling(0.0001, 14),
  },
  decisions: {
    kind: "counter",
    name: "oversight_decisions_total",
    help: "What was done about findings, once for each detector and action of a run.",
    labels: ["detector", "action"],
  },
  aborts: {
    kind: "counter",
    name: "oversight_aborts_total",
    help: "Generations stopped.",
    labels: ["detector", "policy"],
  },
  tokensBeforeAbort: {
    kind: "histogram",
    name: "oversight_tokens_before_abort",
    help: "Tokens released before a generation was stopped.",
    labels: [],
    buckets: [0, ...doubling(1, 12)],
  },
  failOpen: {
    kind: "counter",
    name: "oversight_fail_open_total",
    help: "Runs of a broken detector that policy let pass.",
    labels: ["detector", "reason"],
  },
  score: {
    kind: "histogram",
    name: "oversight_score",
    help: "The largest score of each detector in each run, in the detector's own unit.",
    labels: ["detector"],
    buckets: [-16, -12, -8, -6, -4, -3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16],
  },
  reviewJobs: {
    kind: "gauge",
    name: "oversight_review_jobs",
    help: "Review items in the queue by state. Decided ones leave it after a while.",
    labels: ["queue", "state"],
  },
  reviewOldest: {
    kind: "gauge",
    name: "oversight_review_oldest_seconds",
    help: "Age of the oldest item that waits for a person; 0 when none does.",
    labels: [],
  },
  reviewDecisions: {
    kind: "counter",
    name: "oversight_review_decisions_total",
    help: "Verdicts in the decision record, those from before this process too; a superseded verdict stays counted.",
    labels: ["decision"],
  },
  reviewWait: {
    kind: "histogram",
    name: "oversight_review_wait_seconds",
    help: "From the end of a reply to the first verdict on it, of verdicts given while this process runs.",
    labels: [],
    buckets: doubling(15, 12, 3),
  },
  recallEstimate: {
    kind: "gauge",
    name: "oversight_recall_estimate",
    help: "Share of the replies that should have fired that did, from verdicts on drawn and flagged replies; bound is lower, point or upper (95 %). Unknown: 0, NaN, 1.",
    labels: ["detector", "bound"],
  },
  reviewLeasesExpired: {
    kind: "counter",
    name: "oversight_review_lease_expired_total",
    help: "Claims whose lease ran out since the queue was made.",
    labels: [],
  },
  reviewJoined: {
    kind: "counter",
    name: "oversight_review_joined_total",
    help: "Flagged traces that joined an undecided item: alike (repeated), or above the bound of new items a minute (flood).",
    labels: ["reason"],
  },
  spoolRecords: {
    kind: "gauge",
    name: "oversight_spool_records",
    help: "Flagged traces that are on this disk and not yet in the review queue.",
    labels: [],
  },
  spoolDropped: {
    kind: "counter",
    name: "oversight_spool_dropped_total",
    help: "Flagged traces that got no review item because the outbox was full; only where the configuration says drop.",
    labels: [],
  },
  redisFailures: {
    kind: "counter",
    name: "oversight_redis_failures_total",
    help: "Calls to Redis that failed or were not answered in time, by what they were for.",
    labels: ["op"],
  },
  inFlight: {
    kind: "gauge",
    name: "oversight_in_flight_requests",
    help: "Requests that generate whose body has not ended.",
    labels: [],
  },
  queueDepth: {
    kind: "gauge",
    name: "oversight_queue_depth",
    help: "Requests that wait for a slot of the engine.",
    labels: [],
  },
  rejections: {
    kind: "counter",
    name: "oversight_rejections_total",
    help: "Answers and streams that ended in an error, by its code.",
    labels: ["reason"],
  },
  clientCancelled: {
    kind: "counter",
    name: "oversight_client_cancelled_total",
    help: "Requests whose client left before the end.",
    labels: [],
  },
  authDecisions: {
    kind: "counter",
    name: "oversight_auth_decisions_total",
    help: "Callers let in or not, and why.",
    labels: ["result", "reason"],
  },
  buildInfo: {
    kind: "gauge",
    name: "oversight_build_info",
    help: "Always 1; the labels say what runs.",
    labels: ["version", "model", "precision"],
  },
  engineRestarts: {
    kind: "counter",
    name: "oversight_engine_restarts_total",
    help: "Times that the engine's worker died and was started again.",
    labels: [],
  },
  ...CONFIG_SERIES,
  ...RUN_SERIES,
  ...ASSURANCE_SERIES,
  ...JOB_SERIES,
} as const satisfies Record<string, Series>;

/** A key of the table. */
export type SeriesKey = keyof typeof SERIES;
