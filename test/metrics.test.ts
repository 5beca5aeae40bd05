import { expect, test } from "vitest";
import { setUpMetrics, VERDICTS } from "./metrics/metrics-rig.ts";
import { SERIES } from "../src/metrics/series.ts";
import { eventually, startApi } from "./http/scripted-api.ts";
import { MODEL } from "./http/scripted-engine.ts";
import { flagRaised, promptJudged, released, runEnd } from "./trace/scripted-run.ts";

test("every series is there from the start, and everything served is at 0", async () => {
  const { metrics } = setUpMetrics({
    engineStatus: () => ({ slots: 0, running: 0, waiting: 0, restarts: 0 }),
    queueStats: async () => ({ waiting: 0, claimed: 0, decided: 0, dead: 0, oldestWaitingMs: 0, leasesExpired: 0 }),
    countDecisions: async () => ({ true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 }),
    spooled: () => 0,
    tallies: () => ({ redisFailures: { enqueue: 0 }, joined: { repeated: 0, flood: 0 }, dropped: 0 }),
  });
  const { body, contentType } = await metrics.render();
  expect(contentType).toContain("text/plain");
  const samples = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  // The queue's own library counts where it is in use.
  const own = Object.values(SERIES).filter(({ name }) => !name.startsWith("bullmq_"));
  for (const { name, kind } of own) {
    const sample = kind === "histogram" ? `${name}_count` : name;
    expect(
      samples.some((line) => line.startsWith(`${sample}{`) || line.startsWith(`${sample} `)),
      name,
    ).toBe(true);
  }
  // What cannot be known yet is no number.
  const raised = samples.filter((line) => !/ (0|Nan)$/.test(line));
  expect(raised).toEqual([
    `oversight_build_info{version="0.1.0",model="${MODEL}",precision="fast"} 1`,
    "oversight_config_last_reload_successful 1",
    "oversight_config_last_reload_timestamp_seconds 5",
    'oversight_config_hash_info{hash="c0ffee"} 1',
  ]);
  expect(samples.filter((line) => line.startsWith("oversight_aborts_total"))).toHaveLength(2 * 4);
  expect(samples.filter((line) => line.startsWith("oversight_decisions_total"))).toHaveLength(2 * 6);
  expect(samples.filter((line) => line.startsWith("oversight_detector_duration_seconds_count"))).toHaveLength(
    2 * 2 * 6,
  );
});

test("no further label combination appears under traffic, also with invented models", async () => {
  const { metrics } = setUpMetrics();
  const names = async () => (await metrics.render()).body.replaceAll(/ [^ ]+$/gm, "");
  const before = await names();
  const events = [
    promptJudged,
    released("a"),
    flagRaised(),
    runEnd("abort", { actions: [{ detector: "country-channel", action: "abort", count: 1 }] }),
  ];
  const api = await startApi(events, { observer: metrics.observer });
  await api.chat({}, { "x-oversight-policy": "demo" });
  for (let count = 0; count < 25; count += 1) await api.chat({ model: `made-up-${count}` });
  await api.chat({ n: 2 });
  expect(await names()).toBe(before);
});

test("a stopped generation is counted where dashboards look", async () => {
  const { metrics, read } = setUpMetrics();
  const end = runEnd("abort", {
    promptTokens: 11,
    releasedTokens: 3,
    timing: { waitMs: 0, prefillMs: 100, decodeMs: 400, judgeMs: 1, firstTokenMs: 200 },
    actions: [{ detector: "country-channel", action: "abort", count: 1 }],
    runs: [
      { detector: "country-channel", phase: "generation", verdict: "clear", errorType: "", count: 3, seconds: 0.03 },
    ],
  });
  const api = await startApi([promptJudged, released("S"), flagRaised(), end], { observer: metrics.observer });
  await api.chat({}, { "x-oversight-policy": "demo" });
  const call = { gen_ai_operation_name: "chat", gen_ai_request_model: MODEL };
  await eventually(() => api.lines.at(-1));
  expect(await read("oversight_aborts_total", { detector: "country-channel", policy: "demo" })).toBe(1);
  expect(await read("oversight_decisions_total", { detector: "country-channel", action: "abort" })).toBe(1);
  expect(await read("oversight_tokens_before_abort_sum")).toBe(3);
  expect(
    await read("oversight_detector_duration_seconds_count", {
      detector: "country-channel",
      phase: "generation",
      verdict: "clear",
    }),
  ).toBe(3);
  expect(
    await read("oversight_detector_duration_seconds_sum", {
      detector: "country-channel",
      phase: "generation",
      verdict: "clear",
    }),
  ).toBeCloseTo(0.03);
  expect(await read("gen_ai_client_token_usage_sum", { ...call, gen_ai_token_type: "output" })).toBe(3);
  expect(await read("gen_ai_server_time_to_first_token_seconds_sum", call)).toBeCloseTo(0.2);
  // (500 − 200) ms over three later tokens.
  expect(await read("gen_ai_server_time_per_output_token_seconds_sum", call)).toBeCloseTo(0.1);
  expect(await read("gen_ai_server_request_duration_seconds_count", { ...call, error_type: "" })).toBe(1);
  expect(await read("oversight_first_delivery_seconds_count", call)).toBe(1);
  expect(await read("oversight_score_sum", { detector: "country-channel" })).toBe(6.5);
  expect(await read("oversight_in_flight_requests")).toBe(0);
});

test("queue, engine and verdicts are read when the metrics are", async () => {
  const { read } = setUpMetrics();
  expect(await read("oversight_review_jobs", { queue: "embedded", state: "waiting" })).toBe(2);
  expect(await read("oversight_review_oldest_seconds")).toBe(90);
  expect(await read("oversight_review_lease_expired_total")).toBe(3);
  expect(await read("oversight_queue_depth")).toBe(7);
  expect(await read("oversight_engine_slots")).toBe(4);
  expect(await read("oversight_engine_running")).toBe(3);
  expect(await read("oversight_engine_restarts_total")).toBe(2);
  expect(await read("oversight_review_decisions_total", { decision: "true_positive" })).toBe(5);
});

test("a counter that follows a total never goes down", async () => {
  let given = 5;
  const { read } = setUpMetrics({ countDecisions: async () => ({ ...VERDICTS, true_positive: given }) });
  const counted = () => read("oversight_review_decisions_total", { decision: "true_positive" });
  expect(await counted()).toBe(5);
  given = 4;
  expect(await counted()).toBe(5);
  given = 6;
  expect(await counted()).toBe(7);
});

test("the tax of a run is its judging and the measured share of its passes", async () => {
  const { metrics, read } = setUpMetrics();
  const timing = {
    waitMs: 0,
    prefillMs: 1_000,
    decodeMs: 4_000,
    judgeMs: 20,
    firstTokenMs: 1_000,
    passMs: { prefill: 1_000, decode: 2_000 },
  };
  metrics.tax.learn({ prefill: 0.2, decode: 0.1, stepMs: 8 });
  metrics.observer.runEnded({ operation: "chat", model: MODEL, policy: "demo", end: runEnd("stop", { timing }) });
  metrics.tax.enriched(3_000);
  expect(await read("oversight_lens_share", { phase: "decode" })).toBe(0.1);
  expect(await read("oversight_tax_spent_seconds_total", { part: "lens" })).toBeCloseTo(0.4);
  expect(await read("oversight_tax_spent_seconds_total", { part: "judging" })).toBeCloseTo(0.02);
  expect(await read("oversight_tax_spent_seconds_total", { part: "enrichment" })).toBe(3);
});

test("an abort that a person confirmed is counted when the metrics are read, once", async () => {
  const aborts = [[{ maxTokens: 64, generatedTokens: 4 }]];
  const { metrics, read } = setUpMetrics({ confirmedAborts: async () => aborts.pop() ?? [] });
  metrics.tax.learn({ prefill: 0, decode: 0, stepMs: 10 });
  for (let reply = 0; reply < 9; reply += 1) metrics.tax.remember({ maxTokens: 64, generatedTokens: 54 });
  expect(await read("oversight_tax_saved_seconds_estimate_total")).toBeCloseTo(0.5);
  expect(await read("oversight_tax_saved_seconds_estimate_total")).toBeCloseTo(0.5);
});

test("a source that breaks is logged once and leaves the rest readable", async () => {
  const { read, lines } = setUpMetrics({ queueStats: () => Promise.reject(new Error("locked")) });
  expect(await read("oversight_queue_depth")).toBe(7);
  expect(await read("oversight_review_jobs", { state: "waiting" })).toBe(0);
  expect(lines.map(({ level, what }) => [level, what])).toEqual([["error", "queue"]]);
});

test("a label that is not in the table is an error that serving never sees", () => {
  const { metrics, lines } = setUpMetrics();
  expect(() => metrics.observer.authDecided({ result: "allow", reason: "key" })).not.toThrow();
  expect(() => metrics.observer.requestEnded({} as never)).not.toThrow();
  expect(lines).toHaveLength(1);
});

test("those of the process are among them", async () => {
  const { body } = await setUpMetrics({ withProcess: true }).metrics.render();
  expect(body).toContain("process_cpu_seconds_total");
  expect(body).toContain("nodejs_eventloop_lag_seconds");
});

test("what a reload adds stands at 0, and what was counted stays", async () => {
  const { metrics, read } = setUpMetrics({ recall: async () => [] });
  metrics.observer.runEnded({ operation: "chat", model: MODEL, policy: "demo", end: runEnd("stop") });
  const detectors = ["country-channel", "fresh"];
  metrics.learn({ models: [MODEL], detectors, policies: ["demo", "later"], queue: "embedded" });
  expect(await read("oversight_score_count", { detector: "country-channel" })).toBe(1);
  expect(await read("oversight_score_count", { detector: "fresh" })).toBe(0);
  expect(await read("oversight_runs_total", { policy: "later", reason: "abort" })).toBe(0);
  expect(await read("oversight_recall_estimate", { detector: "fresh", bound: "upper" })).toBe(1);
});
