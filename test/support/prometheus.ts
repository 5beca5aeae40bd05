import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";

const PROMTOOL = "/usr/bin/promtool";
const PROMETHEUS = "/usr/bin/prometheus";

/** A suite that needs Debian's package `prometheus`: skipped by name without it, which with CI set is a failure. */
export function describeWithPrometheus(name: string, suite: () => void): void {
  const isThere = existsSync(PROMTOOL) && existsSync(PROMETHEUS);
  if (isThere || process.env["CI"]) describe(name, suite);
  else describe.skip(`${name} (needs the package prometheus)`, suite);
}

/** Runs promtool and returns how it ended and what it printed. */
export function promtool(...words: readonly string[]): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(PROMTOOL, words, { encoding: "utf8" });
  if (error) throw error;
  return { code: status, output: stdout + stderr };
}

/** One value of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of a range query: seconds since 1970 and values, gaps left out. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** From when to when, in seconds since 1970, and how many seconds lie between two values. */
export interface QueryRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** A Prometheus of a test's own. */
export interface PrometheusServer {
  readonly url: string;
  /** What an expression gives now. Throws with Prometheus's own words when it cannot be computed. */
  query(expression: string): Promise<Sample[]>;
  /** The same over a time. */
  queryRange(expression: string, range: QueryRange): Promise<RangeSeries[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus with a configuration (JSON is YAML) in a folder of its own, on a free port, and waits until it is ready. */
export async function startPrometheus(configuration: object): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), "lensgate-prometheus-"));
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    PROMETHEUS,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://${address}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(`${url}/-/ready`)); tries += 1) {
    if (tries > 300 || child.exitCode !== null) {
      await stop();
      throw new Error(`Prometheus did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    query: (expression) => query(url, expression),
    queryRange: (expression, range) => queryRange(url, expression, range),
    stop,
  };
}

async function query(url: string, expression: string): Promise<Sample[]> {
  const found = await get<{ metric: Record<string, string>; value: [number, string] }>(`${url}/api/v1/query`, {
    query: expression,
  });
  return found.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function queryRange(url: string, expression: string, { from, to, step }: QueryRange): Promise<RangeSeries[]> {
  const range = { query: expression, start: String(from), end: String(to), step: String(step) };
  const found = await get<{ metric: Record<string, string>; values: [number, string][] }>(
    `${url}/api/v1/query_range`,
    range,
  );
  return found.map(({ metric, values }) => ({
    metric,
    points: values.map(([at, value]) => [at, Number(value)] as const),
  }));
}

async function get<Found>(url: string, words: Readonly<Record<string, string>>): Promise<Found[]> {
  const response = await fetch(`${url}?${new URLSearchParams(words).toString()}`);
  const body = (await response.json()) as { status: string; error?: string; data?: { result: Found[] } };
  if (body.status !== "success" || !body.data) throw new Error(`${words["query"]}: ${body.error ?? response.status}`);
  return body.data.result;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
