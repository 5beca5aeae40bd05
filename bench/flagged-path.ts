// What a flag adds to a response: the same whole reply of 16 tokens under a policy that observes and under one that flags, in
// turn; medians and the median of the paired differences, with the middle half.
//
// usage: npx tsx bench/flagged-path.ts [pairs, 100] [redis]      with "redis" the queue is on BullMQ, on a Redis of its own
import { quantile } from "../src/evaluation/bootstrap.ts";
import { startGatewayProcess } from "../test/support/gateway-process.ts";
import { writeLiveConfig } from "../test/support/live-gateway.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { TEST_TRACE_KEY } from "../test/support/redis-campaign.ts";
import { send } from "../test/support/wire-reply.ts";

const [pairs = "100", where = "embedded"] = process.argv.slice(2);
const redis = where === "redis" ? await startRedis() : undefined;
const rule = (action: string) => ({ detectors: { scripted: { action, positions: "generation" } } });
const config = writeLiveConfig({
  detectors: { scripted: { at: { generated: 4 } } },
  policies: { observes: rule("observe"), flags: rule("flag") },
  fields: {
    ...(redis === undefined ? {} : { queue: { driver: "bullmq", redis: { url: redis.url } } }),
    review: { new_items_per_minute: 1_000_000 },
    enrichment: { enabled: false },
  },
});
const gateway = await startGatewayProcess(config.path, { environment: { LENSGATE_TRACE_KEY: TEST_TRACE_KEY } });

async function timeOne(policy: string, number: number): Promise<number> {
  const began = performance.now();
  const content = `Item ${number}: name some colours.`;
  const response = await send(gateway, { content, policy, fields: { max_tokens: 16 } });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`the gateway answered ${response.status}`);
  return performance.now() - began;
}

const times = { observes: [] as number[], flags: [] as number[], difference: [] as number[] };
try {
  for (let number = -5; number < Number(pairs); number += 1) {
    // Whoever is second finds warmer caches, so they take turns.
    const order = number % 2 === 0 ? (["observes", "flags"] as const) : (["flags", "observes"] as const);
    const took = { observes: 0, flags: 0 };
    for (const policy of order) took[policy] = await timeOne(policy, number);
    if (number < 0) continue;
    times.observes.push(took.observes);
    times.flags.push(took.flags);
    times.difference.push(took.flags - took.observes);
  }
} finally {
  await gateway.end("SIGTERM");
  await redis?.stop();
  config.remove();
}

const at = (values: readonly number[], share: number) => quantile(Float64Array.from(values).sort(), share).toFixed(2);
const line = ([name, values]: [string, number[]]) =>
  `${name.padEnd(10)} ${at(values, 0.5)} ms [${at(values, 0.25)}, ${at(values, 0.75)}]`;
process.stdout.write(`${where}, ${pairs} pairs\n${Object.entries(times).map(line).join("\n")}\n`);
