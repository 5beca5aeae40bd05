import { expect, test } from "vitest";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { AWKWARD_TEXT, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  return { database, log: createAuditLog(database) };
}

const entry = (at: number, trace: string | null = traceId(1)) => ({
  at,
  actor: AWKWARD_TEXT,
  event: "claim",
  traceId: trace,
  detail: { note: AWKWARD_TEXT, count: 2, done: true, none: null },
});

test("entries are listed newest first, in pages, and for one trace", async () => {
  const { log } = setUp();
  for (const one of [entry(1), entry(2, null), entry(3, traceId(2)), entry(4)]) await log.add(one);
  const first = await log.list({ limit: 2 });
  expect(first.map((row) => row.entry)).toEqual([entry(4), entry(3, traceId(2))]);
  const before = first.at(-1)?.sequence ?? 0;
  expect((await log.list({ limit: 9, before })).map((row) => row.entry.at)).toEqual([2, 1]);
  expect((await log.list({ limit: 9, traceId: traceId(1) })).map((row) => row.entry.at)).toEqual([4, 1]);
});

test("entries of one trace are found by the index", () => {
  const { database } = setUp();
  const sql =
    "SELECT sequence FROM audit WHERE json_extract(body, '$.traceId') = ? AND sequence < ? ORDER BY sequence DESC";
  const plan = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all("tr", 5);
  expect(plan.map(({ detail }) => detail).join()).toContain("USING");
  expect(plan.map(({ detail }) => detail).join()).toContain("audit_by_trace");
});

test("the table refuses changes", async () => {
  const { database, log } = setUp();
  await log.add(entry(1));
  expect(() => database.prepare("UPDATE audit SET body = '{}'").run()).toThrow(/append-only/);
  expect(() => database.prepare("DELETE FROM audit").run()).toThrow(/append-only/);
});

test("a changed, missing or inserted entry breaks the chain at its place", async () => {
  for (const [change, place] of [
    ["UPDATE audit SET body = replace(body, 'claim', 'login') WHERE sequence = 2", 2],
    ["DELETE FROM audit WHERE sequence = 2", 3],
    ["UPDATE audit SET hash = hash || '0' WHERE sequence = 3", 3],
  ] as const) {
    const { database, log } = setUp();
    for (const at of [1, 2, 3]) await log.add(entry(at));
    expect(await log.verify()).toBeUndefined();
    database.prepare("DROP TRIGGER audit_keep").run();
    database.prepare("DROP TRIGGER audit_stay").run();
    database.prepare(change).run();
    expect(await log.verify()).toBe(place);
  }
});
