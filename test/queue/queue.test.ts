import { expect, test } from "vitest";
import { ITEM_STAGES, ITEM_STATES, MAX_ABANDONED } from "../../src/queue/queue.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("the tables of states and stages are those that the database accepts", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const insert = database.prepare(
    `INSERT INTO review_items (trace_id, priority, created_at, state, stage, detector, action, model, repetition, body)
     VALUES (?, 1, 1, ?, ?, '', '', '', '', '{}')`,
  );
  for (const state of ITEM_STATES)
    for (const stage of ITEM_STAGES) expect(insert.run(state + stage, state, stage)).toBe(1);
  expect(() => insert.run("x", "open", "first")).toThrow(/CHECK/);
  expect(() => insert.run("x", "waiting", "third")).toThrow(/CHECK/);
});

test("an item whose lease ran out too often is dead, is claimed by nobody, and can be revived", async () => {
  let now = 0;
  const queue = createEmbeddedQueue({ database: openDatabase({ folder: temporaryFolder() }), clock: () => now });
  await queue.enqueue(sampleItem(1));
  for (let time = 0; time < MAX_ABANDONED; time += 1) {
    expect(await queue.claim({ reviewer: "ada", leaseMs: 10 })).toBeDefined();
    now += 11;
  }
  expect(await queue.get(traceId(1))).toMatchObject({ state: "dead" });
  expect(await queue.claim({ reviewer: "ada", leaseMs: 10 })).toBeUndefined();
  expect(await queue.stats()).toMatchObject({ dead: 1, waiting: 0, leasesExpired: MAX_ABANDONED });
  await queue.reopen(traceId(1), { stage: "first", excluded: [] });
  expect(await queue.claim({ reviewer: "ada", leaseMs: 10 })).toBeDefined();
});
