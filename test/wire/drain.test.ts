import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { eventsOf, traceIdOf } from "../support/wire-reply.ts";
import { openStream, type WireStream } from "../support/wire-stream.ts";

const STREAMS = 8;
/** The generated token that flags. */
const FIRES_AT = 3;

/** Eight flagged streams under way, all past their flag, in a gateway that has that long to stop. */
async function setUp(drainMs: number, maxTokens: number) {
  const config = writeLiveConfig({
    detectors: { fourth: { at: { generated: FIRES_AT } } },
    policies: { flags: { hold_tokens: 0, detectors: { fourth: { action: "flag" } } } },
    fields: {
      engine: { slots: STREAMS, threads: 1 },
      timeouts: { drain_ms: drainMs },
      enrichment: { enabled: false },
    },
  });
  onTestFinished(config.remove);
  const gateway = await startGatewayProcess(config.path);
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, (_, index) =>
      openStream(gateway, {
        content: `Story ${index}: count from one to a hundred.`,
        policy: "flags",
        fields: { max_tokens: maxTokens },
      }),
    ),
  );
  await Promise.all(streams.map((stream) => stream.readTokens(FIRES_AT + 3)));
  return { gateway, streams, state: join(config.folder, "state") };
}

/** What the disk says of each stream's trace, and how many items wait. */
async function readRecords(state: string, streams: readonly WireStream[]) {
  const { database, traces } = openLocalStores({ folder: state });
  const queue = createEmbeddedQueue({ database });
  const found = await Promise.all(streams.map((stream) => traces.get(traceIdOf(stream))));
  const items = await Promise.all(streams.map((stream) => queue.itemOf(traceIdOf(stream))));
  database.close();
  return { states: found.map((trace) => trace?.state), unqueued: items.filter((item) => item === undefined).length };
}

test("eight live streams finish after SIGTERM, and everything flagged of them is recorded and queued", async () => {
  const { gateway, streams, state } = await setUp(60_000, 30);
  const exit = gateway.end("SIGTERM");
  await Promise.all(streams.map((stream) => stream.readToEnd()));
  for (const stream of streams) {
    expect(stream.tokens).toBe(30);
    expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
  }
  expect(await exit).toMatchObject({ code: 0 });
  expect(await readRecords(state, streams)).toEqual({ states: Array(STREAMS).fill("complete"), unqueued: 0 });
});

test("streams that outlast the grace period end without their end mark, and everything flagged of them is recorded and queued", async () => {
  const { gateway, streams, state } = await setUp(300, 900);
  const exit = gateway.end("SIGTERM");
  await Promise.allSettled(streams.map((stream) => stream.readToEnd()));
  for (const stream of streams) expect(stream.text).not.toContain("[DONE]");
  expect(await exit).toMatchObject({ code: 0 });
  expect(await readRecords(state, streams)).toEqual({ states: Array(STREAMS).fill("interrupted"), unqueued: 0 });
});
