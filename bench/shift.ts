// A shift of ten minutes: gateway, Redis and Prometheus with the shipped rules and dashboards, mixed traffic, reviewers, and faults one
// after the other. Says for every expression of the dashboards whether it had data, which alerts fired, and draws the dashboards.
//
//   npx tsx bench/shift.ts [--minutes 10] [--pictures docs/pictures]
//
// Needs Debian's redis-server, prometheus and, for pictures, chromium.
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "playwright-core";
import { atRoot } from "../test/support/documents.ts";
import { fillIn, panelExpressions, readDashboards } from "../test/support/expressions.ts";
import { runCommand, startGatewayProcess, type GatewayProcess } from "../test/support/gateway-process.ts";
import { openLiveFiles } from "../test/support/live-files.ts";
import { writeLiveConfig } from "../test/support/live-gateway.ts";
import { startPrometheus, type PrometheusServer } from "../test/support/prometheus.ts";
import { TEST_TRACE_KEY } from "../test/support/redis-campaign.ts";
import { startRedis, type RedisServer } from "../test/support/redis-server.ts";
import { ruleFiles } from "../test/support/rule-files.ts";
import { drawDashboard, type Span } from "./shift-page.ts";
import { KEYS, startTraffic } from "./shift-traffic.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, pictures: { type: "string" } } });
const lengthMs = Number(values.minutes) * 60_000;
const environment = { LENSGATE_TRACE_KEY: TEST_TRACE_KEY, LENSGATE_LOG_LEVEL: "silent" };

const redis = await startRedis();
const config = writeConfig(redis.url);
const gateway = await startGatewayProcess(config.path, { environment });
const prometheus = await startPrometheus({
  global: { scrape_interval: "5s", evaluation_interval: "5s" },
  rule_files: ruleFiles(".rules.yml"),
  scrape_configs: [{ job_name: "lensgate", static_configs: [{ targets: [new URL(gateway.console).host] }] }],
});
try {
  const span = await work();
  await tell(prometheus, span);
  if (values.pictures !== undefined) await draw(prometheus, span, values.pictures);
} finally {
  await prometheus.stop();
  await gateway.end("SIGTERM");
  await redis.stop();
  config.remove();
}

/** Everything that ships, a detector that breaks on a word, and one that waits for a word that never comes. */
function writeConfig(url: string) {
  const inherit = (detectors: object) => ({ extends: "default", detectors });
  const hashed = (key: string) => createHash("sha256").update(key).digest("hex");
  const written = writeLiveConfig({
    detectors: { frail: { at: { text: "glass" }, does: "throw" }, spare: { at: { generated: 5_000 } } },
    policies: {
      default: {
        hold_tokens: 1,
        detectors: { "country-channel": { action: "observe" }, "audit-approval": { action: "observe" } },
      },
      guard: inherit({
        "audit-watched": { action: "flag" },
        "harm-intent": { action: "flag" },
        "deception-lie": { action: "flag" },
        spare: { action: "observe" },
      }),
      demo: inherit({ "country-channel": { action: "abort", positions: "generation" } }),
      "frail-open": inherit({ frail: { action: "flag", on_error: "open" } }),
      "frail-closed": inherit({ frail: { action: "flag", on_error: "closed" } }),
    },
    fields: {
      default_policy: "default",
      keys: [
        { id: "app", sha256: hashed(KEYS.app), may_tighten: true },
        { id: "tight", sha256: hashed(KEYS.tight), limits: { requests_per_minute: 5 } },
      ],
      queue: { driver: "bullmq", redis: { url } },
      review: { sample: { clear: 0.05, near: 0.1 } },
      canaries: { every_minutes: 1 },
      reload: { poll_ms: 500 },
    },
  });
  const detectors = join(written.folder, "detectors");
  cpSync(atRoot("detectors"), detectors, { recursive: true, filter: (from) => !from.endsWith("/data") });
  return written;
}

/** Faults at set parts of the shift; what they are is printed as they come. */
async function work(): Promise<Span> {
  const from = Date.now();
  const traffic = startTraffic(gateway);
  for (const { at, name, strike } of faultsOf({ gateway, redis, burst: () => traffic.burst() })) {
    await wait(Math.max(0, from + at * lengthMs - Date.now()));
    say(`${((Date.now() - from) / 60_000).toFixed(1)} min: ${name}`);
    await strike();
  }
  await wait(Math.max(0, from + lengthMs - Date.now()));
  await traffic.stop();
  // Two more scrapes: the last replies are counted.
  await wait(11_000);
  say(
    `callers saw: ${JSON.stringify(Object.fromEntries([...traffic.counts].toSorted(([one], [two]) => one.localeCompare(two))))}`,
  );
  return { from: from / 1_000, to: Date.now() / 1_000 };
}

interface Parts {
  readonly gateway: GatewayProcess;
  readonly redis: RedisServer;
  readonly burst: () => Promise<void>;
}

function faultsOf({ redis: server, burst }: Parts) {
  const files = openLiveFiles(config.folder);
  const good = files.readText();
  const policy = (...words: string[]) =>
    runCommand(["policy", ...words, "--config", config.path, "--reviewer", "ada"], { environment });
  const override = () =>
    policy("override", "country-channel", "--mode", "monitor", "--for", "30m", "--reason", "trial");
  return [
    { at: 0.1, name: "Redis is killed", strike: () => server.kill() },
    { at: 0.16, name: "Redis is back", strike: () => server.restart() },
    { at: 0.25, name: "Redis is paused for 20 s", strike: () => server.pause(20_000) },
    { at: 0.35, name: "gateway.yaml cannot be loaded", strike: async () => files.setText("policies: [") },
    { at: 0.5, name: "gateway.yaml is mended", strike: async () => files.setText(good) },
    {
      at: 0.6,
      name: "another set of detectors: a second engine",
      strike: async () => files.setDetector("spare", { at: { generated: 6_000 } }),
    },
    { at: 0.7, name: "an override", strike: override },
    { at: 0.8, name: "the override is taken back", strike: () => policy("restore", "country-channel") },
    { at: 0.88, name: "sixty requests at once", strike: burst },
  ] satisfies { at: number; name: string; strike: () => Promise<unknown> }[];
}

/** What no expression may be: without a number through the whole shift. */
async function tell(server: PrometheusServer, { from, to }: Span): Promise<void> {
  const expressions = readDashboards().flatMap(panelExpressions);
  let empty = 0;
  for (const { from: panel, expr } of expressions) {
    const found = await server.queryRange(fillIn(expr), { from, to, step: 5 });
    if (found.some(({ points }) => points.some(([, value]) => Number.isFinite(value)))) continue;
    empty += 1;
    say(`no data: ${panel}: ${expr}`);
  }
  say(`${expressions.length - empty} of ${expressions.length} expressions had data`);
  const alerts = await server.queryRange('ALERTS{alertstate="firing"}', { from, to, step: 5 });
  const lines = alerts.map(({ metric, points }) => {
    const { alertname, detector = "" } = metric;
    const minute = (at: number) => ((at - from) / 60).toFixed(1);
    return `  ${alertname} ${detector} ${minute(points[0]?.[0] ?? from)} to ${minute(points.at(-1)?.[0] ?? from)} min`;
  });
  say(`alerts that fired:\n${lines.toSorted().join("\n")}`);
}

async function draw(server: PrometheusServer, span: Span, folder: string): Promise<void> {
  const executablePath = "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: install Debian's chromium`);
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  for (const [file, dashboard] of readDashboards()) {
    const html = await drawDashboard(dashboard, server, span);
    const name = file.replace(".json", "");
    if (process.env["KEEP_PAGES"]) writeFileSync(join(folder, `${name}.html`), html);
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1400, height: 900 } });
      await page.setContent(html);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true });
      await page.close();
    }
  }
  await browser.close();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
