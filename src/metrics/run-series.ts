import type { Series } from "./series.ts";

const doubling = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, step) => from * 2 ** step);

/** What runs cost and how they end: the engine's dashboard and the safety tax. */
export const RUN_SERIES = {
  runs: {
    kind: "counter",
    name: "oversight_runs_total",
    help: "Runs of the engine that ended, by policy and by how they ended.",
    labels: ["policy", "reason"],
  },
  runPhase: {
    kind: "histogram",
    name: "oversight_run_phase_seconds",
    help: "Wall time of one run: waiting for a slot, reading the prompt, writing. Other runs' turns are in it.",
    labels: ["phase"],
    buckets: doubling(0.005, 16),
  },
  generatedTokens: {
    kind: "counter",
    name: "oversight_generated_tokens_total",
    help: "Tokens that the model wrote, released or not.",
    labels: [],
  },
  passSeconds: {
    kind: "counter",
    name: "oversight_pass_seconds_total",
    help: "Time in forward passes alone: with judging, what keeps the engine's thread busy.",
    labels: ["phase"],
  },
  decodeOverhead: {
    kind: "histogram",
    name: "oversight_decode_overhead_seconds",
    help: "What oversight adds to one token, one observation a run: reading the taps (lens: pass time by the measured share) and the detectors (judging).",
    labels: ["stage"],
    buckets: doubling(0.000_01, 15),
  },
  taxSpent: {
    kind: "counter",
    name: "oversight_tax_spent_seconds_total",
    help: "Computing time spent on oversight: reading taps (lens), detectors (judging), reading flagged traces again (enrichment).",
    labels: ["part"],
  },
  taxSaved: {
    kind: "counter",
    name: "oversight_tax_saved_seconds_estimate_total",
    help: "Estimate: computing time that aborts saved which a person confirmed, from the lengths of completed replies.",
    labels: [],
  },
  lensShare: {
    kind: "gauge",
    name: "oversight_lens_share",
    help: "Share of a forward pass that reading the taps takes, measured at the start; 0 before that.",
    labels: ["phase"],
  },
  engineSlots: {
    kind: "gauge",
    name: "oversight_engine_slots",
    help: "Requests that can run at once.",
    labels: [],
  },
  engineRunning: {
    kind: "gauge",
    name: "oversight_engine_running",
    help: "Requests that hold a slot of the engine.",
    labels: [],
  },
} as const satisfies Record<string, Series>;
