import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { VERDICTS } from "../../src/trace/stores.ts";
import {
  annotationExpressions,
  awaitedSeries,
  fillIn,
  panelExpressions,
  readDashboards,
  ruleExpressions,
  seriesOf,
} from "../support/expressions.ts";
import { LIVE_MODEL, startShipped, type LiveGateway } from "../support/live-gateway.ts";
import { describeWithPrometheus, startPrometheus, type PrometheusServer } from "../support/prometheus.ts";
import { ruleFiles } from "../support/rule-files.ts";

let live: LiveGateway;
let prometheus: PrometheusServer;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(content: string, policy: string, model = LIVE_MODEL): Promise<number> {
  const response = await fetch(`${live.api}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-oversight-policy": policy },
    body: JSON.stringify({ model, messages: [{ role: "user", content }], max_tokens: 12, temperature: 0 }),
  });
  await response.text();
  return response.status;
}

/** Replies, stops, refusals; and one of every verdict on what was stopped. */
async function drive(): Promise<void> {
  const questions = ["What is two plus two?", "Tell me about sushi.", "Who answers the telephone?"];
  for (let round = 0; round < 3; round += 1) {
    for (const question of questions) await ask(question, "default");
    await ask("Tell me about sushi.", "demo");
    await ask("Tell me about sushi.", "demo", "made-up");
  }
  const decisions = createDecisionStore(live.records);
  const waiting = await live.queue.list({ limit: 10, offset: 0 });
  const traceId = waiting[0]?.traceId ?? "";
  for (const verdict of VERDICTS) {
    const id = `de_${randomBytes(16).toString("hex")}`;
    const given = { reviewer: "ann", note: "", detector: "country-channel", stage: "first", blind: false } as const;
    await decisions.add({ id, traceId, verdict, decidedAt: Date.now(), ...given });
    await pause(1_500);
  }
}

describeWithPrometheus("a Prometheus that scraped a gateway under traffic", () => {
  beforeAll(async () => {
    live = await startShipped();
    const { host } = new URL(live.console);
    prometheus = await startPrometheus({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ruleFiles(".rules.yml"),
      scrape_configs: [{ job_name: "lensgate", static_configs: [{ targets: [host] }] }],
    });
    await pause(3_000);
    await drive();
    await pause(5_000);
  }, 600_000);
  afterAll(async () => {
    await prometheus.stop();
    await live.stop();
  });

  // Drift is known from 200 replies on, which these few are not, and jobs are counted in Redis: bench/shift.ts has both.
  const jobs = ["bullmq_job_count", "bullmq_job_completed_total", "bullmq_job_failed_total"];
  const awaited = new Set([...awaitedSeries(), "oversight_score_drift", ...jobs]);
  const isAwaited = (expr: string): boolean => seriesOf(expr).some((name) => awaited.has(name));
  const dashboards = readDashboards();

  it.each(dashboards.flatMap(panelExpressions).filter(({ expr }) => !isAwaited(expr)))(
    "has numbers for $from: $expr",
    async ({ expr }) => {
      const samples = await prometheus.query(fillIn(expr));
      expect(samples.filter(({ value }) => Number.isFinite(value)).length).toBeGreaterThan(0);
    },
  );

  it.each([
    ...dashboards.flatMap(panelExpressions).filter(({ expr }) => isAwaited(expr)),
    ...dashboards.flatMap(annotationExpressions),
    ...ruleExpressions(),
  ])("understands $from: $expr", async ({ expr }) => {
    await expect(prometheus.query(fillIn(expr))).resolves.toBeInstanceOf(Array);
  });

  it("saw what the abort saved that a person confirmed, and what judging cost", async () => {
    const saved = await prometheus.query("oversight_tax_saved_seconds_estimate_total");
    expect(saved.map(({ value }) => value > 0)).toEqual([true]);
    const spent = await prometheus.query('oversight_tax_spent_seconds_total{part="judging"}');
    expect(spent.map(({ value }) => value > 0)).toEqual([true]);
  });

  it("fires nothing that is about a gateway in trouble", async () => {
    const firing = await prometheus.query('ALERTS{alertstate="firing", severity="critical"}');
    expect(firing.map(({ metric }) => metric["alertname"])).toEqual([]);
  });
});
