import { Worker } from "bullmq";
import type { RedisHandle } from "../trace/redis.ts";
import { COUNTED, lazyQueue } from "./bullmq.ts";

/** Traces that wait to be read again. An id that waits or is being worked on is not added a second time. */
export interface WorkQueue {
  /** Throws `GatewayError` `review_unavailable` when the queue cannot be reached. */
  add(id: string): Promise<void>;
  /** Hands ids to the handler, one at a time; a handler that throws is called again later. `close` lets it finish. */
  process(handler: (id: string) => Promise<void>): { close(): Promise<void> };
  /** How many wait or are being worked on. */
  depth(): Promise<number>;
  /** Ends adding and processing. What waits in this process only is forgotten. */
  close(): Promise<void>;
}

/** How often work is tried, and who is told when it is given up. */
export interface WorkOptions {
  /** 3 by default. */
  readonly attempts?: number;
  /** Before the second attempt, doubled before every further one; 1,000 by default. */
  readonly backoffMs?: number;
  readonly onGivenUp?: (id: string, why: string) => void;
}

/** Work of this process alone. */
export interface LocalWorkOptions extends WorkOptions {
  /** What was left from before this process: asked once, when processing starts, and until it answers. */
  readonly refill?: () => Promise<readonly string[]>;
}

/** What waits and what is being worked on in this process. */
function createHeldWork({ attempts = 3, backoffMs = 1_000, onGivenUp }: WorkOptions) {
  const held = new Map<string, { failures: number; timer?: NodeJS.Timeout }>();
  const ready: string[] = [];
  let sleepers: (() => void)[] = [];

  function wake(): void {
    const woken = sleepers;
    sleepers = [];
    for (const sleeper of woken) sleeper();
  }
  function retry(id: string, failures: number): void {
    const again = () => {
      ready.push(id);
      wake();
    };
    const timer = setTimeout(again, backoffMs * 2 ** (failures - 1));
    timer.unref();
    held.set(id, { failures, timer });
  }
  return {
    held,
    wake,
    /** Undefined after a wake without work. */
    async next(): Promise<string | undefined> {
      if (ready.length === 0) await new Promise<void>((resolve) => sleepers.push(resolve));
      return ready.shift();
    },
    accept(id: string): void {
      if (held.has(id)) return;
      held.set(id, { failures: 0 });
      ready.push(id);
      wake();
    },
    failed(id: string, why: string): void {
      const failures = (held.get(id)?.failures ?? 0) + 1;
      if (failures < attempts) {
        retry(id, failures);
        return;
      }
      held.delete(id);
      onGivenUp?.(id, why);
    },
    putBack(id: string): void {
      ready.unshift(id);
    },
  };
}

async function takeUp(
  refill: () => Promise<readonly string[]>,
  pauseMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  while (!signal.aborted) {
    try {
      return await refill();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    }
  }
  return [];
}

/** A queue in memory; what it holds when the process ends is found again by `refill`. */
export function createLocalWorkQueue(options: LocalWorkOptions = {}): WorkQueue {
  const { backoffMs = 1_000, refill = async () => [] } = options;
  const work = createHeldWork(options);
  const closers = new Set<() => Promise<void>>();

  async function run(handler: (id: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const id = signal.aborted ? undefined : await work.next();
      if (signal.aborted) {
        if (id !== undefined) work.putBack(id);
        return;
      }
      if (id === undefined) continue;
      try {
        await handler(id);
        work.held.delete(id);
      } catch (error) {
        work.failed(id, messageOf(error));
      }
    }
  }
  return {
    add: async (id) => work.accept(id),
    process(handler) {
      const stop = new AbortController();
      void takeUp(refill, backoffMs, stop.signal).then((ids) => ids.forEach(work.accept));
      const running = run(handler, stop.signal);
      const close = async () => {
        stop.abort();
        work.wake();
        closers.delete(close);
        await running;
      };
      closers.add(close);
      return { close };
    },
    depth: async () => work.held.size,
    async close() {
      for (const { timer } of work.held.values()) clearTimeout(timer);
      await Promise.all([...closers].map((close) => close()));
    },
  };
}

/** Work that any process with this Redis may do. */
export interface BullmqWorkOptions extends WorkOptions {
  readonly redis: RedisHandle;
  /** `enrichment` by default. */
  readonly name?: string;
  /** A worker that is silent this long has died, and its work goes to another; 30,000 by default. BullMQ renews it while the handler runs. */
  readonly lockMs?: number;
}

/** How long a worker that is told to stop may finish what it does. */
const CLOSE_MS = 10_000;

/** A queue in Redis. Work whose process died is given to another, `attempts` times in all. */
export function createBullmqWorkQueue(options: BullmqWorkOptions): WorkQueue {
  const { redis, name = "enrichment", attempts = 3, backoffMs = 1_000 } = options;
  const queue = lazyQueue(redis, name);
  const closers = new Set<() => Promise<void>>();
  return {
    add: (id) =>
      redis.attempt("work-add", async () => {
        const backoff = { type: "exponential", delay: backoffMs };
        const kept = { removeOnComplete: true, removeOnFail: true };
        await (await queue.ready()).add(name, {}, { jobId: id, attempts, backoff, ...kept });
      }),
    process(handler) {
      const close = startWorker({ ...options, name, attempts }, handler);
      closers.add(close);
      return { close };
    },
    depth: () =>
      redis.attempt("work-depth", async () => {
        const counts = await (await queue.ready()).getJobCounts("waiting", "active", "delayed", "prioritized");
        return Object.values(counts).reduce((sum, count) => sum + count, 0);
      }),
    async close() {
      await Promise.all([...closers].map((close) => close()));
      await queue.close();
    },
  };
}

/** The worker has connections of its own: it blocks, and waits through every outage. Returns how to end it. */
function startWorker(
  options: BullmqWorkOptions & { readonly name: string; readonly attempts: number },
  handler: (id: string) => Promise<void>,
): () => Promise<void> {
  const { redis, name, attempts, lockMs = 30_000, onGivenUp } = options;
  const connection = redis.openBlocking();
  const worker = new Worker(name, async (job) => handler(job.id ?? ""), {
    connection,
    prefix: redis.prefix,
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: attempts - 1,
    runRetryDelay: 1_000,
    ...COUNTED,
  });
  worker.on("error", () => undefined);
  worker.on("failed", (job, error) => {
    const last = job !== undefined && (job.attemptsMade >= attempts || error.name === "UnrecoverableError");
    if (last) onGivenUp?.(job.id ?? "", error.message);
  });
  let ended: Promise<void> | undefined;
  return () =>
    (ended ??= (async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
      // A Redis that is gone never says goodbye.
      const gone = redis.status().connected ? worker.close() : worker.close(true);
      await Promise.race([gone.catch(() => undefined), late]);
      clearTimeout(timer);
      connection.disconnect();
    })());
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
