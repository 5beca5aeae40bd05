import { expect, test } from "vitest";
import type { Logger } from "../../src/log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDispatch } from "../../src/trace/dispatch.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

async function setUp(refused: readonly string[], closed: number) {
  const traces = createTraceStore(openDatabase({ folder: temporaryFolder() }));
  const [sent, logged]: [string[], unknown[]] = [[], []];
  const error = ((...entry: unknown[]) => void logged.push(entry)) as Logger["error"];
  const dispatch = createDispatch({
    traces,
    log: { error },
    async enqueue({ head }) {
      if (refused.includes(head.id)) throw new Error("no");
      sent.push(head.id);
    },
  });
  for (let number = 1; number <= closed; number += 1) {
    await traces.open(sampleHead(number), sampleEvidence());
    await traces.close(traceId(number), sampleEnd(), "complete");
  }
  return { traces, dispatch, sent, logged };
}

test("closed traces are sent oldest first and marked, and one that fails does not hold up the others", async () => {
  const { traces, dispatch, sent, logged } = await setUp([traceId(2)], 4);
  expect(await dispatch.sendAll()).toEqual({ enqueued: 3, failed: 1 });
  expect(sent).toEqual([1, 3, 4].map(traceId));
  expect(await traces.listUnqueued(9)).toEqual([traceId(2)]);
  expect(logged).toHaveLength(1);
  expect(await dispatch.sendAll()).toEqual({ enqueued: 0, failed: 1 });
});

test("more traces than one batch are all sent", async () => {
  const { dispatch, sent } = await setUp([traceId(7)], 1_001);
  expect(await dispatch.sendAll()).toEqual({ enqueued: 1_000, failed: 1 });
  expect(new Set(sent).size).toBe(1_000);
});

test("a trace that is gone is a failure, not an end", async () => {
  const { dispatch, logged } = await setUp([], 0);
  expect(await dispatch.send(traceId(5))).toBe(false);
  expect(logged).toHaveLength(1);
});
