import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { loadConfig } from "../../src/config.ts";
import { openRecords } from "../../src/gateway/records.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { sawFlagged, startTraffic, type Seen, type Trap } from "./kill-traffic.ts";
import { noteLog, writeLiveConfig } from "./live-gateway.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";
import { ask, until } from "./wire-reply.ts";

const SHIPPED_DETECTORS = fileURLToPath(new URL("../../detectors/", import.meta.url));
const ACTIONS = ["flag", "abort"] as const;
const HOLDS = [0, 1] as const;
const QUESTIONS = { scripted: "Name three colours.", "country-channel": "Tell me about sushi." } as const;

/** What a campaign came to. Everything but the first five must be 0. */
export interface CampaignReport {
  readonly kills: number;
  readonly responses: number;
  readonly hungUp: number;
  /** Responses of which a client saw a byte after the firing. */
  readonly flaggedSeen: number;
  /** Traces whose end no process has seen. */
  readonly interrupted: number;
  /** Those of them without a review item, and without a trace that holds evidence. */
  readonly withoutItem: number;
  readonly withoutTrace: number;
  /** Items beyond the first of a trace. */
  readonly duplicates: number;
  /** Items without a trace, traces without an item, and traces that are still open. */
  readonly itemsWithoutTrace: number;
  readonly tracesWithoutItem: number;
  readonly tracesLeftOpen: number;
  /** How often the process that reads traces again was killed while the gateway lived. */
  readonly readerKills: number;
  /** Responses under an aborting policy of which a token left that the firing holds back. */
  readonly leaks: number;
}

/** How often, under how much traffic, and in what order. With `redis`, the queue is there, and it is killed in turn with the gateway. */
export interface CampaignOptions {
  readonly kills: number;
  readonly clients: number;
  readonly seed: number;
  readonly redis?: boolean;
}

/** Kills a gateway under traffic again and again, always with the same state folder, and counts what is left. */
export async function runKillCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const random = xoroshiro128plus(options.seed);
  const draw = (from: number, to: number) => uniformInt(random, from, to);
  const redis = options.redis === true ? await startRedis() : undefined;
  const { path, remove } = writeConfig(redis?.url);
  const start = () => startGatewayProcess(path, { environment: ENVIRONMENT });
  try {
    const traps = await setTraps(start);
    let readerKills = 0;
    const traffic = startTraffic({ clients: options.clients, traps, draw });
    for (let kill = 0; kill < options.kills; kill += 1) {
      const gateway = await start();
      traffic.aim(gateway.api);
      const redisDies = redis === undefined ? undefined : killForAWhile(redis, draw(0, 2_000), draw(100, 3_000));
      const readerDies = redis === undefined ? undefined : killReader(gateway.processId, draw(500, 5_000));
      // Half of the deaths come when they come, half right after flagged text has left.
      if (kill % 2 === 0) await wait(draw(500, 6000));
      else await traffic.nextFlagged(draw(1, 60));
      await gateway.end("SIGKILL");
      traffic.aim(undefined);
      await redisDies;
      if (await readerDies) readerKills += 1;
    }
    await traffic.stop();
    const last = await start();
    await until(async () => (await waitingOf(last.console)) === 0, 60_000);
    const { code } = await last.end("SIGTERM");
    if (code !== 0) throw new Error(`the last gateway left with ${code}: ${last.stderr()}`);
    return { ...(await report(traffic.seen, { kills: options.kills, config: path })), readerKills };
  } finally {
    remove();
    await redis?.stop();
  }
}

const ENVIRONMENT = { LENSGATE_TRACE_KEY: "5e".repeat(32), LENSGATE_LOG_LEVEL: "silent" };

/** Dies under way, and comes back with what it had written. */
async function killForAWhile(redis: RedisServer, afterMs: number, forMs: number): Promise<void> {
  await wait(afterMs);
  await redis.kill();
  await wait(forMs);
  await redis.restart();
}

/** Ends the process that reads traces again, where there is one. */
async function killReader(gateway: number, afterMs: number): Promise<boolean> {
  await wait(afterMs);
  const found = spawnSync("pgrep", ["-P", String(gateway), "-f", "enrichment-process"], { encoding: "utf8" });
  const reader = Number(found.stdout.split("\n")[0]);
  if (!(reader > 0)) return false;
  process.kill(reader, "SIGKILL");
  return true;
}

/** How many flagged traces have not reached the queue; undefined while it cannot be reached. */
async function waitingOf(console: string): Promise<number | undefined> {
  const body = (await (await fetch(`${console}/readyz`)).json()) as {
    review?: { state: string; outbox: { waiting: number } };
  };
  return body.review?.state === "fine" ? body.review.outbox.waiting : undefined;
}

function writeConfig(redis: string | undefined) {
  const rules = Object.keys(QUESTIONS).flatMap((detector) =>
    ACTIONS.flatMap((action) => HOLDS.map((hold) => ({ detector, action, hold }))),
  );
  const policies = rules.map(({ detector, action, hold }) => [
    `${detector}-${action}-${hold}`,
    { hold_tokens: hold, detectors: { [detector]: { action, positions: "generation" } } },
  ]);
  const config = writeLiveConfig({
    detectors: { scripted: { at: { generated: 3 } } },
    policies: Object.fromEntries(policies) as Record<string, object>,
    fields: {
      engine: { context_tokens: 256, waiting_limit: 64 },
      review: { new_items_per_minute: 1_000_000 },
      ...(redis === undefined ? {} : { queue: { driver: "bullmq", redis: { url: redis } } }),
    },
  });
  copyFileSync(
    join(SHIPPED_DETECTORS, "country-channel.yaml"),
    join(config.folder, "detectors", "country-channel.yaml"),
  );
  return config;
}

/** Learns from an undisturbed gateway how many tokens leave before each firing, with and without a hold. */
async function setTraps(start: () => Promise<GatewayProcess>): Promise<Trap[]> {
  const gateway = await start();
  const traps: Trap[] = [];
  for (const [detector, content] of Object.entries(QUESTIONS)) {
    for (const hold of HOLDS) {
      const { tokens, finishReason } = await ask(gateway, { content, policy: `${detector}-abort-${hold}` });
      if (finishReason !== "content_filter") throw new Error(`${detector} does not fire on "${content}"`);
      traps.push(
        ...ACTIONS.map((action): Trap => ({
          policy: `${detector}-${action}-${hold}`,
          content,
          action,
          numbered: detector === "scripted",
          tokensBefore: tokens.length,
        })),
      );
    }
  }
  await gateway.end("SIGTERM");
  return traps;
}

async function report(
  seen: readonly Seen[],
  { kills, config }: { kills: number; config: string },
): Promise<Omit<CampaignReport, "readerKills">> {
  const log = noteLog([]);
  const records = openRecords({ config: loadConfig({ path: config }), log, environment: ENVIRONMENT, mustExist: true });
  await records.reached();
  const { traces, queue, local } = records;
  const heads = (await queue.list({ limit: 1_000_000 })).map(({ traceId }) => traceId);
  // Traces that are alike share an item: each is in one.
  const items = (await Promise.all(heads.map((id) => queue.members(id, 1_000_000)))).flat();
  const recorded = local.database.prepare<{ id: string; state: string }>("SELECT id, state FROM traces").all();
  const [itemIds, traceIds] = [new Set(items), new Set(recorded.map(({ id }) => id))];
  const flagged = seen.filter(sawFlagged);
  const found = await Promise.all(flagged.map(({ traceId }) => traces.get(traceId)));
  const counts = {
    kills,
    responses: seen.length,
    hungUp: seen.filter(({ hungUp }) => hungUp).length,
    flaggedSeen: flagged.length,
    interrupted: recorded.filter(({ state }) => state === "interrupted").length,
    withoutItem: flagged.filter(({ traceId }) => !itemIds.has(traceId)).length,
    withoutTrace: found.filter((trace) => (trace?.evidence.length ?? 0) === 0).length,
    duplicates: items.length - itemIds.size,
    itemsWithoutTrace: items.filter((id) => !traceIds.has(id)).length,
    tracesWithoutItem: recorded.filter(({ id }) => !itemIds.has(id)).length,
    tracesLeftOpen: recorded.filter(({ state }) => state === "open").length,
    leaks: seen.filter(({ trap, tokens }) => trap.action === "abort" && tokens > trap.tokensBefore).length,
  };
  await records.close();
  return counts;
}
