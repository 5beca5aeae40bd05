import { setTimeout as wait } from "node:timers/promises";
import { listEverything, openDesk, type DeskClient } from "./desk-client.ts";
import { startLoad, type Load } from "./desk-load.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { writeLiveConfig } from "./live-gateway.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";

/** A way in which Redis fails, and how it is mended. */
export interface RedisFault {
  readonly name: string;
  /** Whether the gateway starts while Redis is not there. */
  readonly fromStart?: true;
  /** Seconds of one outage, and how many there are. */
  readonly outageSeconds: number;
  readonly outages: number;
  break(redis: RedisServer): Promise<void>;
  mend(redis: RedisServer): Promise<void>;
}

/** The faults that generation must not notice. */
export const REDIS_FAULTS: readonly RedisFault[] = [
  { name: "killed", outageSeconds: 20, outages: 3, break: (redis) => redis.kill(), mend: (redis) => redis.restart() },
  {
    name: "paused for 30 s",
    outageSeconds: 30,
    outages: 2,
    break: (redis) => redis.pause(30_000),
    mend: async () => undefined,
  },
  {
    name: "out of memory",
    outageSeconds: 20,
    outages: 3,
    break: async (redis) => void (await redis.command("CONFIG", "SET", "maxmemory", "100kb")),
    mend: async (redis) => void (await redis.command("CONFIG", "SET", "maxmemory", "0")),
  },
  {
    name: "refused from the start",
    fromStart: true,
    outageSeconds: 60,
    outages: 1,
    break: (redis) => redis.kill(),
    mend: (redis) => redis.restart(),
  },
  {
    name: "wiped",
    outageSeconds: 15,
    outages: 3,
    break: async (redis) => {
      await redis.kill();
      await redis.restart({ fresh: true });
    },
    mend: async () => undefined,
  },
];

/**
 * What a campaign came to. A decided item that a wiped Redis lost stays decided and is found by its id: it counts as in the queue.
 * Milliseconds per token are those of four streams together over all spells; `ratios` are those of each outage.
 */
export interface FaultReport {
  readonly fault: string;
  readonly flagged: number;
  readonly refused: number;
  readonly inQueue: number;
  readonly missing: number;
  readonly twice: number;
  readonly decided: number;
  readonly decisionsLost: number;
  readonly quietMsPerToken: number;
  readonly faultMsPerToken: number;
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/** Of its environment's key; any 64 hex digits do. */
export const TEST_TRACE_KEY = "5a".repeat(32);

/** Breaks Redis under four streams and a steady flow of flagged traces, then counts what reached the queue. */
export async function runRedisFault(fault: RedisFault, wanted: number): Promise<FaultReport> {
  const redis = await startRedis();
  const config = writeDeskConfig(redis.url);
  if (fault.fromStart) await fault.break(redis);
  const gateway = await startGatewayProcess(config.path, { environment: { LENSGATE_TRACE_KEY: TEST_TRACE_KEY } });
  try {
    const load = startLoad(gateway, wanted);
    const desk = fault.fromStart ? undefined : await openDesk(gateway.console, "ada");
    const decided = desk === undefined ? [] : await decideSome(desk, load);
    const outages = await breakAndMend(fault, { redis, load, broken: fault.fromStart === true });
    load.mayEnd();
    await load.done;
    const after = desk ?? (await openDesk(gateway.console, "ada"));
    return { fault: fault.name, ...(await settle(after, { load, decided })), ...speeds(outages) };
  } finally {
    await gateway.end("SIGTERM");
    await redis.stop();
    config.remove();
  }
}

/** A gateway on that Redis whose policy `watch` flags every reply at its first token. */
export function writeDeskConfig(url: string, fields: object = {}) {
  return writeLiveConfig({
    detectors: { scripted: { at: { generated: 1 } } },
    policies: { watch: { hold_tokens: 0, detectors: { scripted: { action: "flag", positions: "generation" } } } },
    fields: {
      engine: { slots: 6, context_tokens: 512, waiting_limit: 64 },
      queue: { driver: "bullmq", redis: { url } },
      review: { new_items_per_minute: 1_000_000 },
      enrichment: { enabled: false },
      ...fields,
    },
  });
}

/** Decides 20 items before anything breaks. */
async function decideSome(desk: DeskClient, load: Load): Promise<string[]> {
  const decided: string[] = [];
  while (load.flagged.size < 30) await wait(100);
  while (decided.length < 20) {
    const { claim } = (await desk.call("claim", {})).body;
    if (!claim) {
      await wait(100);
      continue;
    }
    const verdict = { token: claim.token, verdict: "true_positive", note: "a note" };
    const { status } = await desk.call(`items/${claim.traceId}/decide`, verdict);
    if (status === 200) decided.push(claim.traceId);
  }
  return decided;
}

/** Tokens of the streams, and in how much time they came. */
interface Spell {
  tokens: number;
  ms: number;
}

interface Spells {
  readonly quiet: Spell;
  readonly fault: Spell;
}

/** Quiet and broken spells of the same length, one after the other. */
async function breakAndMend(
  fault: RedisFault,
  { redis, load, broken }: { redis: RedisServer; load: Load; broken: boolean },
): Promise<Spells[]> {
  const all: Spells[] = [];
  for (let outage = 0; outage < fault.outages; outage += 1) {
    const spells: Spells = { quiet: { tokens: 0, ms: 0 }, fault: { tokens: 0, ms: 0 } };
    all.push(spells);
    if (broken) await wait(2_000);
    else {
      await measure(load, spells.quiet, fault.outageSeconds);
      await fault.break(redis);
    }
    await measure(load, spells.fault, fault.outageSeconds);
    await fault.mend(redis);
    // What catching up costs belongs to neither side.
    await wait(3_000);
    await measure(load, spells.quiet, fault.outageSeconds);
  }
  return all;
}

async function measure(load: Load, into: Spell, seconds: number): Promise<void> {
  const [began, before] = [performance.now(), load.tokens];
  await wait(seconds * 1_000);
  into.ms += performance.now() - began;
  into.tokens += load.tokens - before;
}

async function settle(desk: DeskClient, { load, decided }: { load: Load; decided: readonly string[] }) {
  for (const until = Date.now() + 120_000; ;) {
    const { body } = await desk.call("stats");
    const { waiting = 0, claimed = 0, decided: done = 0 } = body.queue ?? {};
    if (waiting + claimed + done >= load.flagged.size && (body.outbox?.waiting ?? 0) === 0) break;
    if (Date.now() > until) break;
    await wait(500);
  }
  const items = await listEverything(desk);
  const ids = new Set(items.map(({ traceId }) => traceId));
  const unlisted = [...load.flagged].filter((id) => !ids.has(id));
  const [kept, still] = [await countDecided(desk, unlisted), await countDecided(desk, decided)];
  return {
    flagged: load.flagged.size,
    refused: load.refused,
    inQueue: items.length + kept,
    missing: unlisted.length - kept,
    twice: items.length - ids.size + items.filter(({ count }) => count !== 1).length,
    decided: decided.length,
    decisionsLost: decided.length - still,
  };
}

/** How many of these traces stand as decided, with their verdict. */
async function countDecided(desk: DeskClient, traceIds: readonly string[]): Promise<number> {
  let count = 0;
  for (const id of traceIds) {
    const { item, decisions } = (await desk.call(`items/${id}`)).body;
    if (item?.state === "decided" && decisions?.some(({ verdict }) => verdict === "true_positive")) count += 1;
  }
  return count;
}

function speeds(outages: readonly Spells[]) {
  const [quiet, fault] = [sumOf(outages.map((each) => each.quiet)), sumOf(outages.map((each) => each.fault))];
  const ratios = outages.map((each) => costOf(each.fault) / costOf(each.quiet));
  const [quietMsPerToken, faultMsPerToken] = [costOf(quiet), costOf(fault)];
  return { quietMsPerToken, faultMsPerToken, ratio: faultMsPerToken / quietMsPerToken, ratios };
}

const costOf = ({ ms, tokens }: Spell): number => ms / tokens;

function sumOf(spells: readonly Spell[]): Spell {
  const total = { tokens: 0, ms: 0 };
  for (const { tokens, ms } of spells) [total.tokens, total.ms] = [total.tokens + tokens, total.ms + ms];
  return total;
}
