import type { PumpStep } from "./pump.ts";
import type { RedisHandle } from "./redis.ts";
import type { Sealing } from "./sealing.ts";
import type { Settings } from "./settings.ts";

/** One line of a log with its place, which counts from 1 without falling back. */
export interface LogLine {
  readonly sequence: number;
  readonly body: string;
}

/** Where lines lie, whose they are, and how they are sealed. */
export interface SharedLogOptions {
  readonly redis: RedisHandle;
  readonly sealing: Sealing;
  readonly name: "scores" | "audit";
}

/** The logs of all gateways under one name: each gateway's own is a stream whose ids are its own places. */
export interface SharedLog {
  /** Adds lines in order; those that are there already change nothing. `maxLines`: only about so many of the newest are kept. */
  push(gatewayId: string, lines: readonly LogLine[], maxLines?: number): Promise<void>;
  /** The place of the newest line; 0 when there is none. */
  last(gatewayId: string): Promise<number>;
  /** Lines after a place, oldest first. Those that do not open are left out. */
  read(gatewayId: string, after: number, limit: number): Promise<{ readonly lines: LogLine[]; readonly read: number }>;
  /** Lines before a place, newest first. Those that do not open are left out. */
  readBack(gatewayId: string, before: number, limit: number): Promise<LogLine[]>;
  gateways(): Promise<string[]>;
  /** Drops the lines before a place. */
  trim(gatewayId: string, firstKept: number): Promise<void>;
}

/** Streams `PREFIX:shared:NAME:GATEWAY`. */
export function createSharedLog({ redis, sealing, name }: SharedLogOptions): SharedLog {
  const keyOf = (gatewayId: string) => `${redis.prefix}:shared:${name}:${gatewayId}`;
  const contextOf = (gatewayId: string, sequence: number) => `shared ${name} ${gatewayId} ${sequence}`;
  const gatewaysKey = `${redis.prefix}:shared:gateways`;
  const placeOf = (id: string | undefined) => Number.parseInt(id ?? "0", 10);

  function open(gatewayId: string, id: string, fields: readonly string[]): LogLine[] {
    const sequence = placeOf(id);
    try {
      return [{ sequence, body: sealing.open(fields[1] ?? "", contextOf(gatewayId, sequence)) }];
    } catch {
      return [];
    }
  }

  return {
    push: (gatewayId, lines, maxLines) =>
      redis.attempt(name, async (client) => {
        const pipeline = client.pipeline().sadd(gatewaysKey, gatewayId);
        for (const { sequence, body } of lines) {
          const fields = [`${sequence}-0`, "body", sealing.seal(body, contextOf(gatewayId, sequence))];
          const bound = maxLines === undefined ? [] : ["MAXLEN", "~", String(maxLines)];
          pipeline.call("XADD", keyOf(gatewayId), ...bound, ...fields);
        }
        for (const [error] of (await pipeline.exec()) ?? []) {
          if (error !== null && !/equal or smaller/.test(error.message)) throw error;
        }
      }),
    last: (gatewayId) =>
      redis.attempt(name, async (client) => {
        const [newest] = await client.xrevrange(keyOf(gatewayId), "+", "-", "COUNT", 1);
        return placeOf(newest?.[0]);
      }),
    read: (gatewayId, after, limit) =>
      redis.attempt(name, async (client) => {
        const rows = await client.xrange(keyOf(gatewayId), `(${after}-0`, "+", "COUNT", limit);
        return { read: rows.length, lines: rows.flatMap(([id, fields]) => open(gatewayId, id, fields)) };
      }),
    readBack: (gatewayId, before, limit) =>
      redis.attempt(name, async (client) => {
        const rows = await client.xrevrange(keyOf(gatewayId), `(${before}-0`, "-", "COUNT", limit);
        return rows.flatMap(([id, fields]) => open(gatewayId, id, fields));
      }),
    trim: (gatewayId, firstKept) =>
      redis.attempt(name, async (client) => void (await client.xtrim(keyOf(gatewayId), "MINID", `${firstKept}-0`))),
    gateways: () => redis.attempt(name, (client) => client.smembers(gatewaysKey)),
  };
}

/** Whose lines are sent, and where they are read. */
export interface LogPushOptions {
  readonly log: SharedLog;
  readonly name: "scores" | "audit";
  readonly gatewayId: string;
  readonly settings: Settings;
  /** This gateway's own lines after a place, oldest first. */
  readonly read: (after: number, limit: number) => LogLine[];
  readonly maxLines?: number;
}

const BATCH = 200;

/** Sends what is new; to another state of Redis, what it has not. */
export function createLogPush(options: LogPushOptions): PumpStep {
  const { log, name, gatewayId, settings, read, maxLines } = options;
  const setting = `shared_${name}`;
  return {
    name,
    async run(epoch) {
      const [knownEpoch = "", known = "0"] = settings.get(setting)?.split(" ") ?? [];
      let place = knownEpoch === epoch ? Number(known) : await log.last(gatewayId);
      for (;;) {
        const lines = read(place, BATCH);
        if (lines.length > 0) await log.push(gatewayId, lines, maxLines);
        place = lines.at(-1)?.sequence ?? place;
        if (lines.length > 0 || knownEpoch !== epoch) settings.set(setting, `${epoch} ${place}`);
        if (lines.length < BATCH) return;
      }
    },
  };
}
