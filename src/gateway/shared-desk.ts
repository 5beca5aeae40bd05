import { secretOf } from "../secret-files.ts";
import { createBullmqQueue } from "../queue/bullmq.ts";
import { createJobCounter } from "../queue/job-counts.ts";
import { createClearing } from "../queue/clearing.ts";
import { rememberDecided } from "../queue/remembered.ts";
import { createBullmqWorkQueue } from "../queue/work-queue.ts";
import { createEpoch } from "../trace/redis-epoch.ts";
import { openRedis, type RedisHandle } from "../trace/redis.ts";
import { createSharedBodies, DECIDED_SECONDS, type SharedBodies } from "../trace/shared-bodies.ts";
import { createSharedDecisions } from "../trace/shared-decisions.ts";
import { createSharedErasures } from "../trace/shared-erasures.ts";
import { createLogPush, createSharedLog } from "../trace/shared-log.ts";
import { createSharedNotes, type SharedNotes } from "../trace/shared-notes.ts";
import { createSharedOverrides } from "../trace/shared-overrides.ts";
import { createSharedScores } from "../trace/shared-scores.ts";
import { createSharedTrail } from "../trace/shared-trail.ts";
import type { EnrichmentStore, TraceStore } from "../trace/stores.ts";
import type { Desk, DeskOptions } from "./desk.ts";
import type { LocalStores } from "./local-stores.ts";

/** How long a command waits for Redis before it goes on without. */
const REACHED_MS = 3_000;
/** How long a goodbye waits for a Redis that does not answer. */
const CLOSE_MS = 2_000;

/** The desk of every gateway that has the same Redis, the same prefix and the same key. Redis need not be there yet. */
export function openSharedDesk(options: DeskOptions): Desk {
  const { config, local, log } = options;
  const { sealing, settings, gatewayId } = local;
  const redis = openRedis(connectionOf(options));
  const bodies = createSharedBodies(redis, sealing);
  const listeners = new Set<() => void>();
  const tell = () => listeners.forEach((listener) => listener());
  const decisions = createSharedDecisions({ redis, sealing, settings, local: local.decisions, log, onAdded: tell });
  const { scores, notes, steps, trim, trail } = openLogs(redis, local, config.queue.redis.scoreRows);
  const bareQueue = createBullmqQueue({ redis });
  const queue = rememberDecided({ ...local, queue: bareQueue, placeOf: options.placeOf });
  const onGivenUp = (traceId: string, why: string) => log.warn({ traceId, why }, "a trace could not be read again");
  const work = createBullmqWorkQueue({ redis, onGivenUp });
  const counter = createJobCounter(redis);
  return {
    traces: shareTraces(local, bodies),
    decisions,
    enrichments: shareEnrichments(local, bodies, tell),
    scores,
    audit: local.audit,
    trail,
    queue,
    bareQueue,
    work,
    jobCounts: counter.read,
    epoch: createEpoch(redis, sealing.keyId),
    decisionsOn: decisions.listSurely,
    ...deliveries(local, bodies, notes),
    erasures: createSharedErasures(redis),
    overrides: createSharedOverrides(redis, sealing, log),
    async forget(traceId) {
      await queue.remove(traceId);
      await bodies.remove(traceId);
      await notes.letGo([traceId], 0);
    },
    trimScores: (firstKept) => trim(gatewayId, firstKept),
    notesElsewhere: (traceId) => notes.list(traceId).catch(() => []),
    steps: [
      decisions.step,
      ...steps,
      createClearing({ queue: bareQueue, keepMs: options.keepMs, clock: options.clock }),
    ],
    onWork: (listener) => void listeners.add(listener),
    ...reachOf(redis),
    close: () => closeAll(redis, [queue, work, counter]),
  };
}

/** What every gateway sends line by line: score rows, at most so many, the audit log, and the notes in it. */
function openLogs(redis: RedisHandle, local: LocalStores, maxRows: number) {
  const { sealing, settings, gatewayId } = local;
  const mine = { gatewayId, settings };
  const scores = createSharedLog({ redis, sealing, name: "scores" });
  const audit = createSharedLog({ redis, sealing, name: "audit" });
  const notes = createSharedNotes({ ...mine, redis, sealing, read: local.audit.copy });
  return {
    scores: createSharedScores({ log: scores, local: local.scores, gatewayId, maxRows }),
    trim: scores.trim,
    notes,
    trail: createSharedTrail({ log: audit, local: local.audit, gateway: gatewayId }),
    steps: [
      createLogPush({ ...mine, log: scores, name: "scores", read: local.scores.own, maxLines: maxRows }),
      createLogPush({ ...mine, log: audit, name: "audit", read: local.audit.copy }),
      notes.step,
    ],
  };
}

async function closeAll(redis: RedisHandle, users: readonly { close(): Promise<void> }[]): Promise<void> {
  const late = setTimeout(() => redis.close(), CLOSE_MS);
  await Promise.allSettled(users.map((user) => user.close()));
  clearTimeout(late);
  redis.close();
}

/** The password stands apart, so that the address can be logged. */
function connectionOf({ config, environment, log, onFailure }: DeskOptions) {
  const { url, prefix } = config.queue.redis;
  const address = new URL(url);
  const password =
    secretOf(environment, "LENSGATE_REDIS_PASSWORD") ?? (decodeURIComponent(address.password) || undefined);
  address.password = "";
  return { url: address.href, password, prefix, log, onFailure };
}

function reachOf(redis: RedisHandle): Pick<Desk, "reach" | "reached" | "onReady"> {
  return {
    reach() {
      const { connected, since } = redis.status();
      return { reachable: connected, since };
    },
    async reached() {
      let timer: NodeJS.Timeout | undefined;
      let stop: (() => void) | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, REACHED_MS);
        stop = redis.onReady(resolve);
      });
      clearTimeout(timer);
      stop?.();
    },
    onReady: (listener) => void redis.onReady(listener),
  };
}

function deliveries(
  { traces, enrichments }: LocalStores,
  bodies: SharedBodies,
  notes: SharedNotes,
): Pick<Desk, "shareTrace" | "shareEnrichment" | "letGo"> {
  return {
    async shareTrace(traceId) {
      const trace = await traces.get(traceId);
      if (trace === undefined) throw new Error(`trace ${traceId} is gone`);
      await bodies.putTrace(trace);
    },
    async shareEnrichment({ id }) {
      const body = await enrichments.get(id);
      if (body !== undefined) await bodies.putEnrichment(id, body);
      return {};
    },
    async letGo(traceIds) {
      await bodies.letGo(traceIds);
      await notes.letGo(traceIds, DECIDED_SECONDS);
    },
  };
}

/** What is not in this state folder is another gateway's. */
function shareTraces({ traces }: LocalStores, bodies: SharedBodies): TraceStore {
  return { ...traces, get: async (id) => (await traces.get(id)) ?? bodies.getTrace(id) };
}

function shareEnrichments(
  { enrichments, outbox }: LocalStores,
  bodies: SharedBodies,
  tell: () => void,
): EnrichmentStore {
  return {
    async put(traceId, madeAt, body) {
      await enrichments.put(traceId, madeAt, body);
      outbox.putEnrichment({ id: traceId, createdAt: madeAt, body: "" });
      tell();
    },
    get: async (traceId) => (await enrichments.get(traceId)) ?? bodies.getEnrichment(traceId),
  };
}
