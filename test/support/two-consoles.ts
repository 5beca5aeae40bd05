import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { hashPassword } from "../../src/review/password.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { writeLiveConfig } from "./live-gateway.ts";
import { TEST_TRACE_KEY } from "./redis-campaign.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";
import { ask, traceIdOf } from "./wire-reply.ts";

/** Two gateways with a console each, on one Redis. */
export interface TwoConsoles {
  readonly redis: RedisServer;
  readonly one: GatewayProcess;
  readonly two: GatewayProcess;
  /** Has a gateway flag a reply to each question, and returns the traces. */
  flag(gateway: GatewayProcess, questions: readonly string[], policy?: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Who may log in: `ada` and `grace` are reviewers, `lin` is a lead. */
export const passwordOf = (name: string) => `${name}'s secret`;

const COST = { N: 1_024, r: 8, p: 1 };
const SHIPPED = new URL("../../detectors/country-channel.yaml", import.meta.url);

/** Starts them with the shipped detector of countries; `guard` flags what it finds, `stop` stops it. `review` adds to the review settings. */
export async function startTwoConsoles(review: object = {}): Promise<TwoConsoles> {
  const redis = await startRedis();
  const configs: ReturnType<typeof writeLiveConfig>[] = [];
  const started: GatewayProcess[] = [];
  async function stop(): Promise<void> {
    await Promise.all(started.map((gateway) => gateway.end("SIGTERM")));
    await redis.stop();
    for (const config of configs) config.remove();
  }
  async function start(): Promise<GatewayProcess> {
    const config = writeLiveConfig(await configure(redis.url, review));
    configs.push(config);
    const gateway = await startGatewayProcess(config.path, { environment: { LENSGATE_TRACE_KEY: TEST_TRACE_KEY } });
    started.push(gateway);
    return gateway;
  }
  try {
    // One after the other: each loads the model.
    const [one, two] = [await start(), await start()];
    return { redis, one, two, flag: flagAll, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function configure(url: string, review: object) {
  const people = Object.entries({ ada: "reviewer", grace: "reviewer", lin: "lead" });
  const reviewers = await Promise.all(
    people.map(async ([name, role]) => ({ name, role, password: await hashPassword(passwordOf(name), COST) })),
  );
  const rule = (action: string) => ({
    mode: "enforce",
    hold_tokens: 1,
    detectors: { "country-channel": { action, positions: "generation" } },
  });
  return {
    detectors: { "country-channel": parse(readFileSync(SHIPPED, "utf8")) as object },
    policies: { guard: rule("flag"), stop: rule("abort") },
    fields: {
      engine: { threads: 1 },
      queue: { driver: "bullmq", redis: { url } },
      review: { reviewers, ...review },
      enrichment: { threads: 1, busy_wait_ms: 100 },
    },
  };
}

async function flagAll(gateway: GatewayProcess, questions: readonly string[], policy = "guard"): Promise<string[]> {
  const ids: string[] = [];
  for (const content of questions) {
    const reply = await ask(gateway, { content, policy, fields: { max_tokens: 24 } });
    if (reply.oversight?.detectors.length === 0 || reply.oversight === undefined)
      throw new Error(`nothing was flagged in the reply to "${content}": ${reply.text}`);
    ids.push(traceIdOf(reply));
  }
  return ids;
}
