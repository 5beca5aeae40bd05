// Items a second into and out of both review queues, against bare BullMQ and bare libsql.
//
//   npx tsx bench/queue.ts [--rounds 8] [--items 300]
//
// Redis is /usr/bin/redis-server with its append-only file on, the database writes every change to disk. All take turns in
// every round; ratios are paired within a round. "8" is eight callers at once.
import { Queue, Worker, type Job } from "bullmq";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { estimate, formatEstimate, median } from "../src/cli/statistics.ts";
import { createBullmqQueue } from "../src/queue/bullmq.ts";
import { createEmbeddedQueue } from "../src/queue/embedded.ts";
import type { ReviewItem, ReviewQueue } from "../src/queue/queue.ts";
import { openDatabase } from "../src/trace/database.ts";
import { openRedis } from "../src/trace/redis.ts";
import { startRedis } from "../test/support/redis-server.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "8" }, items: { type: "string", default: "300" } },
});
const [rounds, items] = [Number(values.rounds), Number(values.items)];
const CALLERS = [1, 8] as const;

/** One way to queue: `take` claims the next item and decides it, false when none waits. */
interface Way {
  readonly name: string;
  put(item: ReviewItem): Promise<unknown>;
  take(): Promise<boolean>;
}

const folder = mkdtempSync(join(tmpdir(), "lensgate-bench-"));
const server = await startRedis();
const redis = openRedis({ url: server.url, prefix: "ours", log: { info() {}, warn() {} } });
await new Promise<void>((resolve) => void redis.onReady(resolve));
const connection = { host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null };
const bareQueue = new Queue("bare", { connection, prefix: "bare" });
const bareWorker = new Worker("bare", null, { connection, prefix: "bare" });

function queueWay(name: string, queue: ReviewQueue): Way {
  return {
    name,
    put: (item) => queue.enqueue(item),
    async take() {
      const claim = await queue.claim({ reviewer: "ada", leaseMs: 60_000 });
      if (claim !== undefined) await queue.decide(claim.item.traceId, claim.token);
      return claim !== undefined;
    },
  };
}

const bareBullmq: Way = {
  name: "bare BullMQ",
  put: (item) => bareQueue.add("bare", item, { jobId: item.traceId, priority: item.priority }),
  async take() {
    const token = randomBytes(16).toString("hex");
    const job = (await bareWorker.getNextJob(token, { block: false })) as Job | undefined;
    if (job !== undefined) await job.moveToCompleted(null, token, false);
    return job !== undefined;
  },
};

function bareLibsql(): Way {
  const database = openDatabase({ folder: join(folder, "bare") });
  database.transaction(() =>
    database.prepare("CREATE TABLE bare (id TEXT PRIMARY KEY, priority INTEGER, state TEXT, body TEXT)").run(),
  );
  const insert = database.prepare("INSERT INTO bare VALUES (?, ?, 'waiting', ?)");
  const next = database.prepare<{ id: string }>(
    `UPDATE bare SET state = 'claimed' WHERE id =
     (SELECT id FROM bare WHERE state = 'waiting' ORDER BY priority LIMIT 1) RETURNING id`,
  );
  const done = database.prepare("UPDATE bare SET state = 'decided' WHERE id = ?");
  database.prepare("CREATE INDEX bare_order ON bare (state, priority)").run();
  return {
    name: "bare libsql",
    put: async (item) => insert.run(item.traceId, item.priority, JSON.stringify(item)),
    async take() {
      const row = next.get();
      if (row !== undefined) done.run(row.id);
      return row !== undefined;
    },
  };
}

const PAIRS = [
  [bareBullmq, queueWay("BullMQ driver", createBullmqQueue({ redis }))],
  [bareLibsql(), queueWay("embedded driver", createEmbeddedQueue({ database: openDatabase({ folder }) }))],
] as const;

function makeItem(): ReviewItem {
  const traceId = `tr_${randomBytes(16).toString("hex")}`;
  const priority = 1 + Math.floor(Math.random() * 1_000_000);
  const fixed = { detector: "country-channel", action: "abort", score: 6.5, threshold: 5, model: "smollm2" };
  const rest = { createdAt: Date.now(), keyId: null, repetition: traceId, blind: false, sample: null };
  return { traceId, priority, ...fixed, ...rest };
}

/** Runs `work` for every item, so many at once; items a second. */
async function rate(callers: number, work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  let left = items;
  const caller = async () => {
    while ((left -= 1) >= 0) await work();
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (items / (performance.now() - before)) * 1_000;
}

const seen = new Map<string, number[]>();
const note = (key: string, value: number) => void (seen.get(key)?.push(value) ?? seen.set(key, [value]));

// The first round warms up and is not counted.
for (let round = 0; round <= rounds; round += 1) {
  for (const callers of CALLERS) {
    for (const pair of round % 2 === 0 ? PAIRS : PAIRS.toReversed()) {
      for (const way of round % 2 === 0 ? pair : pair.toReversed()) {
        const put = await rate(callers, () => way.put(makeItem()));
        const take = await rate(callers, () => way.take());
        if (round === 0) continue;
        note(`enqueue ${callers} ${way.name}`, put);
        note(`claim and decide ${callers} ${way.name}`, take);
      }
    }
  }
}

console.log(`${rounds} rounds of ${items} items; items a second, median; ratio of times against bare, paired`);
for (const verb of ["enqueue", "claim and decide"]) {
  for (const callers of CALLERS) {
    for (const [bare, ours] of PAIRS) {
      const [base = [], rates = []] = [bare, ours].map((way) => seen.get(`${verb} ${callers} ${way.name}`));
      const ratios = rates.map((value, index) => (base[index] ?? NaN) / value);
      const left = `${bare.name} ${median(base).toFixed(0)}, ${ours.name} ${median(rates).toFixed(0)}`;
      console.log(`${verb}, ${callers} at once: ${left}; ratio ${formatEstimate(estimate(ratios), 2)}`);
    }
  }
}
const info = String(await server.command("INFO", "memory"));
const made = 2 * (rounds + 1) * items;
console.log(`Redis holds ${made} items of each in ${/used_memory_human:(\S+)/.exec(info)?.[1]}`);
for (const prefix of ["bare", "ours"]) {
  const keys = (await server.command("KEYS", `${prefix}:*`)) as string[];
  let bytes = 0;
  for (const key of keys) bytes += Number(await server.command("MEMORY", "USAGE", key, "SAMPLES", 0));
  console.log(`${prefix}: ${(bytes / made).toFixed(0)} bytes an item, decided items kept`);
}

await bareWorker.close(true);
await bareQueue.close();
redis.close();
await server.stop();
rmSync(folder, { recursive: true, force: true });
