import { Job, Queue } from "bullmq";
import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { RedisClient, RedisHandle } from "../trace/redis.ts";
import { prepareScripts } from "./bullmq-scripts.ts";
import { MAX_ABANDONED, type Enqueued, type Former, type ItemFilter, type QueuedItem } from "./queue.ts";
import type { ReviewItem, ReviewQueue } from "./queue.ts";
import { readJoined } from "./bullmq-joined.ts";
import { packTexts, unpackTexts } from "./text-list.ts";

/** The connection, and where tokens come from. Leases run by the clock of Redis. */
export interface BullmqQueueOptions {
  readonly redis: RedisHandle;
  /** An unguessable text, fresh at every call. */
  readonly randomToken?: () => string;
}

const NAME = "review";
const LAST_PRIORITY = 2_097_151;
/** Has BullMQ count what completes; of its history of minutes one is kept. */
export const COUNTED = { metrics: { maxDataPoints: 1 } } as const;
/** How many ids a page looks at in one step, so that Redis is not held up by a long list. */
const STEP = 500;

type Scripts = ReturnType<typeof prepareScripts>;
type Attempt = <Result>(verb: string, work: (client: RedisClient) => Promise<Result>) => Promise<Result>;

/** The queue, and how it lets go of what is decided. */
export interface BullmqQueue extends ReviewQueue {
  /** Removes items that were decided at a time (milliseconds since 1970) or before, at most `limit`, and says how many. */
  clearDecided(before: number, limit: number): Promise<number>;
}

/** The review queue on BullMQ: a job for each item, its id the trace's, in Redis for any number of gateways. */
export function createBullmqQueue(options: BullmqQueueOptions): BullmqQueue {
  const { redis, randomToken = () => randomBytes(16).toString("hex") } = options;
  const [bull, desk] = [`${redis.prefix}:${NAME}:`, `${redis.prefix}:desk:`];
  const scripts = prepareScripts(bull, desk);
  const queue = lazyQueue(redis, NAME);
  const attempt: Attempt = (verb, work) => redis.attempt(verb, work);
  return {
    async enqueue(item, former) {
      checkId(item.traceId);
      return attempt("enqueue", async (client) => {
        const values = [...admission(item), ...formerTexts(former)];
        const [outcome, missing] = (await scripts.admit(client, ...values)) as [Enqueued, string];
        // Also one that an earlier call, or another gateway's, left half-way: what it joins must be there.
        if (missing !== "") {
          const made = JSON.parse(missing) as ReviewItem;
          await addJob(await queue.ready(), made);
          await scripts.place(client, made.traceId);
        }
        return outcome;
      });
    },
    async claim({ reviewer, leaseMs, traceId, detectors, stages }) {
      const token = randomToken();
      const open = stages ?? (traceId === undefined ? ["first", "second"] : ["first", "second", "escalated"]);
      const wanted = detectors === undefined ? "" : packTexts(detectors);
      const filters = [traceId ?? "", `,${open.join(",")},`, wanted];
      const values = [MAX_ABANDONED, token, leaseMs, JSON.stringify(reviewer), ...filters];
      const row = await attempt("claim", (client) => scripts.claim(client, ...values));
      const item = toItem(row);
      return item === undefined ? undefined : { item, token, leaseUntil: item.leaseUntil ?? 0 };
    },
    remove: async (traceId) => void (await attempt("remove", (client) => scripts.remove(client, traceId))),
    clearDecided: async (before, limit) =>
      (await attempt("clear", (client) => scripts.clear(client, before, limit))) as number,
    ...heldVerbs(attempt, scripts, queue.ready),
    ...readingVerbs(attempt, scripts, desk),
    close: () => queue.close(),
  };
}

/** A BullMQ job id must be no number and hold no colon. */
function checkId(traceId: string): void {
  if (!/^[a-z][\w-]*$/i.test(traceId)) throw new TypeError(`"${traceId}" cannot name a review item`);
}

function admission(item: ReviewItem): (string | number)[] {
  const { traceId, detector, action, score, threshold, createdAt, model, keyId, repetition, blind, sample } = item;
  const kept = { traceId, detector, action, score, threshold, priority: item.priority, createdAt, model, keyId };
  const body = JSON.stringify({ ...kept, repetition, blind, sample });
  const names = [detector, action, model].map((name) => JSON.stringify(name));
  return [traceId, body, priorityOf(item), createdAt, ...names, repetition];
}

function formerTexts(former: Former | undefined): string[] {
  const { item = "", next = { stage: "first", excluded: [] } } = former ?? {};
  return [item, next.stage, packTexts(next.excluded)];
}

const KEPT = { removeOnComplete: false, removeOnFail: false };

/** Changes nothing when the job is there. Job data are clear text: the id, and nothing else. */
async function addJob(queue: Queue, item: ReviewItem): Promise<void> {
  const { traceId, createdAt } = item;
  await queue.add(NAME, { traceId }, { ...KEPT, jobId: traceId, priority: priorityOf(item), timestamp: createdAt });
}

/** A job without a priority would come before all that have one. */
function priorityOf({ priority }: ReviewItem): number {
  return Number.isFinite(priority) ? Math.min(Math.max(Math.round(priority), 1), LAST_PRIORITY) : LAST_PRIORITY;
}

/**
 * A BullMQ queue that is built when Redis answers for the first time: built earlier it would wait without end, and one whose
 * building failed would fail for ever.
 */
export function lazyQueue(redis: RedisHandle, name: string) {
  let building: Promise<Queue> | undefined;
  let built: Queue | undefined;
  async function build(): Promise<Queue> {
    const events = { maxLen: 1_000 };
    const made = new Queue(name, { connection: redis.command, prefix: redis.prefix, streams: { events }, ...COUNTED });
    // The handle hears and tells of every failed connection itself.
    made.on("error", () => undefined);
    try {
      await made.waitUntilReady();
    } catch (error) {
      building = undefined;
      await made.close().catch(() => undefined);
      throw error;
    }
    built = made;
    return made;
  }
  return {
    ready: () => (building ??= build()),
    /** Asks nothing of Redis: the connection is the handle's. */
    async close(): Promise<void> {
      await built?.close();
    },
  };
}

function lost(traceId: string): GatewayError {
  const message = `The claim on ${traceId} has run out, or belongs to someone else; claim it again.`;
  return new GatewayError("conflict", message);
}

/** What only the holder of a claim may do: each verb checks the lock's token in the same step that acts. */
function heldVerbs(
  attempt: Attempt,
  scripts: Scripts,
  ready: () => Promise<Queue>,
): Pick<ReviewQueue, "heartbeat" | "release" | "passOn" | "decide" | "reopen"> {
  async function giveBack(verb: string, values: readonly string[]): Promise<void> {
    if ((await attempt(verb, (client) => scripts.giveBack(client, ...values))) === 0) throw lost(values[0] ?? "");
  }
  return {
    async heartbeat(traceId, token, leaseMs) {
      const values = [traceId, token, leaseMs];
      const leaseUntil = await attempt("heartbeat", (client) => scripts.extend(client, ...values));
      if (leaseUntil === 0) throw lost(traceId);
      return leaseUntil as number;
    },
    release: async (traceId, token) => giveBack("release", [traceId, token, "", ""]),
    passOn: async (traceId, token, { stage, excluded }) =>
      giveBack("pass-on", [traceId, token, stage, packTexts(excluded)]),
    async decide(traceId, token) {
      await attempt("decide", async (client) => {
        try {
          const job = new Job(await ready(), NAME, { traceId }, KEPT, traceId);
          await job.moveToCompleted(null, token, false);
        } catch (error) {
          // BullMQ's negative codes: no such job, no lock, another's lock, not active.
          throw error instanceof Error && "code" in error && Number(error.code) < 0 ? lost(traceId) : error;
        }
        // The item is decided; what this forgets would be found and forgotten by the next trace that is alike.
        await scripts.settle(client, traceId).catch(() => undefined);
      });
    },
    async reopen(traceId, { stage, excluded }) {
      const values = [MAX_ABANDONED, traceId, stage, packTexts(excluded)];
      if ((await attempt("reopen", (client) => scripts.reopen(client, ...values))) !== 0) return;
      throw new GatewayError("conflict", `${traceId} is neither decided nor dead, so it cannot be opened again.`);
    },
  };
}

function readingVerbs(
  attempt: Attempt,
  scripts: Scripts,
  desk: string,
): Pick<ReviewQueue, "get" | "itemOf" | "joined" | "members" | "list" | "stats"> {
  return {
    async get(traceId) {
      return toItem(await attempt("get", (client) => scripts.get(client, MAX_ABANDONED, traceId)));
    },
    async itemOf(traceId) {
      return (await attempt("item-of", (client) => client.hget(`${desk}member-of`, traceId))) ?? undefined;
    },
    joined: (traceIds) => attempt("joined", (client) => readJoined(client, desk, traceIds)),
    async members(traceId, limit) {
      if (limit <= 0) return [];
      return attempt("members", (client) => client.zrange(`${desk}members:${traceId}`, 0, `${limit - 1}`));
    },
    async list({ limit, offset = 0, ...filter }) {
      const found = new Map<string, QueuedItem>();
      for (let from = 0; found.size < offset + limit; from += STEP) {
        const values = [MAX_ABANDONED, sourceOf(filter), from, from + STEP - 1, ...filterTexts(filter)];
        const page = await attempt("list", (client) => scripts.page(client, ...values));
        const [seen, rows] = page as [number, unknown[]];
        for (const item of rows.map(toItem)) if (item !== undefined) found.set(item.traceId, item);
        if (seen < STEP) break;
      }
      return [...found.values()].toSorted(byUrgency).slice(offset, offset + limit);
    },
    async stats() {
      const counts = await attempt("stats", (client) => scripts.stats(client, MAX_ABANDONED));
      const [waiting = 0, claimed = 0, decided = 0, dead = 0, oldestWaitingMs = 0, leasesExpired = 0] =
        counts as number[];
      return { waiting, claimed, decided, dead, oldestWaitingMs, leasesExpired };
    },
  };
}

/** The decided ones lie in BullMQ by the time of the verdict, so they are picked from all items in order. */
function sourceOf({ state }: ItemFilter): string {
  const sources = { waiting: "prioritized", claimed: "active", dead: "failed", decided: "order" };
  return state === undefined ? "order" : sources[state];
}

function filterTexts({ stage, detector, action, model, createdBefore, state }: ItemFilter): (string | number)[] {
  const names = [detector, action, model].map((name) => (name === undefined ? "" : JSON.stringify(name)));
  return [stage ?? "", ...names, createdBefore ?? "", state ?? ""];
}

function byUrgency(left: QueuedItem, right: QueuedItem): number {
  const order = left.priority - right.priority || left.createdAt - right.createdAt;
  return order || (left.traceId < right.traceId ? -1 : 1);
}

/** From the seven values of a row: body, state, stage, excluded, claimant, end of the lease, number of traces. */
function toItem(row: unknown): QueuedItem | undefined {
  if (!Array.isArray(row)) return undefined;
  const [body, state, stage, excluded, claimant, leaseUntil, count] = row as [string, ...unknown[]];
  return {
    ...(JSON.parse(body) as ReviewItem),
    state: state as QueuedItem["state"],
    stage: stage as QueuedItem["stage"],
    excluded: unpackTexts(excluded as string),
    claimedBy: claimant === "" ? null : (JSON.parse(claimant as string) as string),
    leaseUntil: state === "claimed" ? (leaseUntil as number) : null,
    count: count as number,
  };
}
