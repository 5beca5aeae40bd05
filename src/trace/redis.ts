import { Redis } from "ioredis";
import { GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";

/** One connection to Redis, for the files that talk to it. */
export type RedisClient = Redis;

/** Where Redis is. The URL holds no password. */
export interface RedisOptions {
  readonly url: string;
  readonly password?: string | undefined;
  /** What every key begins with. */
  readonly prefix: string;
  readonly log: Pick<Logger, "info" | "warn">;
  /** How long a call may take before it counts as failed, 2,000 by default. */
  readonly callTimeoutMs?: number;
  /** Told of every call that failed, by the name the caller gave it. */
  readonly onFailure?: (operation: string) => void;
}

/** Whether Redis answers, since when (milliseconds since 1970), and what was wrong last. */
export interface RedisStatus {
  readonly connected: boolean;
  readonly since: number;
  readonly lastError: string | null;
}

/** The connections of one process to Redis. Nothing here waits for Redis longer than the limit of a call. */
export interface RedisHandle {
  readonly prefix: string;
  /** For short commands. Refuses at once while Redis is not connected, and never sends a command twice. Prefer `attempt`. */
  readonly command: RedisClient;
  /** A connection that waits as long as it takes, for a worker that blocks. The caller disconnects it. */
  openBlocking(): RedisClient;
  status(): RedisStatus;
  /** Runs work on `command`; a Redis that fails or does not answer in time becomes `GatewayError` `review_unavailable`. */
  attempt<Result>(operation: string, work: (client: RedisClient) => Promise<Result>): Promise<Result>;
  /** Calls whenever Redis answers again, at once if it does now. Returns how to stop. */
  onReady(listener: () => void): () => void;
  /** What the settings of this Redis put at risk, each with its cure; empty when nothing. */
  checkDurability(): Promise<string[]>;
  close(): void;
}

const PROBE_EVERY_MS = 1_000;

/** Connects in the background, at once and for ever; a Redis that is down is no error here. */
export function openRedis(options: RedisOptions): RedisHandle {
  const { prefix, callTimeoutMs = 2_000, log } = options;
  const command = new Redis(options.url, {
    ...connection(options),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: callTimeoutMs,
    // A peer that vanished without closing would keep a dead socket for a quarter of an hour.
    socketTimeout: Math.max(10_000, callTimeoutMs * 2),
  });
  const health = watchHealth(command, log);

  async function attempt<Result>(operation: string, work: (client: RedisClient) => Promise<Result>): Promise<Result> {
    try {
      if (!health.status().connected) throw refused(health.status().lastError);
      return await within(callTimeoutMs, work(command));
    } catch (error) {
      const known = error instanceof GatewayError;
      if (!known || error.code === "review_unavailable") options.onFailure?.(operation);
      if (known) throw error;
      const message = messageOf(error);
      if (/timed out/i.test(message)) health.lost(message);
      throw refused(message, error);
    }
  }
  async function checkDurability(): Promise<string[]> {
    const warnings = await attempt("check", readWarnings);
    for (const warning of warnings) log.warn({ redis: options.url }, warning);
    return warnings;
  }
  health.onReady(() => {
    // Redis may be gone again already; the next connection checks anew.
    checkDurability().catch(() => undefined);
  });
  return {
    prefix,
    command,
    openBlocking: () => silent(new Redis(options.url, { ...connection(options), maxRetriesPerRequest: null })),
    status: health.status,
    attempt,
    onReady: health.onReady,
    checkDurability,
    close() {
      health.stop();
      command.disconnect();
    },
  };
}

function connection({ password }: RedisOptions) {
  const retryStrategy = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000);
  return { retryStrategy, connectTimeout: 2_000, ...(password === undefined ? {} : { password }) };
}

/** Every failed connection is an event; one that nobody hears would end the process. The worker reports its own. */
function silent(client: RedisClient): RedisClient {
  client.on("error", () => undefined);
  return client;
}

function refused(why: string | null, cause?: unknown): GatewayError {
  const message = `The review queue cannot be reached: Redis ${why === null ? "is not connected" : `says "${why}"`}.`;
  return new GatewayError("review_unavailable", message, cause === undefined ? {} : { cause });
}

/** Connected is not enough: a paused Redis holds its connections and answers nothing, so it is asked every second. */
function watchHealth(client: RedisClient, log: RedisOptions["log"]) {
  let status: RedisStatus = { connected: false, since: Date.now(), lastError: null };
  const listeners = new Set<() => void>();
  let asking = false;

  function lost(why: string): void {
    // Once for each outage: a Redis that is down for a day must not fill the log.
    if (status.connected || status.lastError === null) log.warn({ why }, "redis does not answer");
    status = { connected: false, since: status.connected ? Date.now() : status.since, lastError: why };
  }
  function found(): void {
    if (status.connected) return;
    log.info({ afterMs: Date.now() - status.since }, "redis answers");
    status = { ...status, connected: true, since: Date.now() };
    for (const listener of listeners) listener();
  }
  async function ask(): Promise<void> {
    if (asking || client.status !== "ready") return;
    asking = true;
    try {
      await client.ping();
      found();
    } catch (error) {
      lost(messageOf(error));
    } finally {
      asking = false;
    }
  }
  client.on("error", (error: Error) => lost(messageOf(error)));
  client.on("close", () => lost(status.lastError ?? "the connection closed"));
  client.on("ready", () => void ask());
  const timer = setInterval(() => void ask(), PROBE_EVERY_MS);
  timer.unref();
  return {
    status: () => status,
    lost,
    onReady(listener: () => void) {
      listeners.add(listener);
      if (status.connected) listener();
      return () => void listeners.delete(listener);
    },
    stop: () => clearInterval(timer),
  };
}

/** The late answer, or the late error, of work that lost the race is heard by nobody. */
async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Hosted Redis often refuses CONFIG: then INFO tells what it tells. */
async function readWarnings(client: RedisClient): Promise<string[]> {
  const info = await client.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const warnings: string[] = [];
  if (Number.parseInt(field("redis_version") ?? "0", 10) < 7) {
    warnings.push(`this Redis is ${field("redis_version")}; the review queue needs 7.0 or newer`);
  }
  if (field("aof_enabled") !== "1") {
    warnings.push("this Redis writes no append-only file, so a restart loses review items: set appendonly yes");
  }
  const policy = field("maxmemory_policy");
  if (policy !== "noeviction") {
    warnings.push(`this Redis evicts keys when it is full (${policy}): set maxmemory-policy noeviction`);
  }
  return warnings;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
