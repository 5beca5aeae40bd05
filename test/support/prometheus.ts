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

/** A Prometheus of a test's own. */
export interface PrometheusServer {
  readonly url: string;
  /** What an expression gives now. Throws with Prometheus's own words when it cannot be computed. */
  query(expression: string): Promise<Sample[]>;
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
  return { url, query: (expression) => query(url, expression), stop };
}

async function query(url: string, expression: string): Promise<Sample[]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
  const body = (await response.json()) as {
    status: string;
    error?: string;
    data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (body.status !== "success" || !body.data) throw new Error(`${expression}: ${body.error ?? response.status}`);
  return body.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
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
