import Libsql from "libsql";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DATABASE_FILE, openDatabase } from "../../src/trace/database.ts";
import { findTracesHere } from "../../src/trace/request-lookup.ts";
import { MIGRATIONS } from "../../src/trace/schema.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleHead, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("a new file carries the newest version and only strict tables", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
  const tables = database
    .prepare<{ name: string; strict: number }>(
      "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'",
    )
    .all();
  expect(tables.map(({ name }) => name).toSorted()).toEqual([
    "audit",
    "counters",
    "decisions",
    "enrichments",
    "erasures",
    "evidence",
    "outbox",
    "review_items",
    "review_members",
    "scores",
    "sessions",
    "settings",
    "traces",
  ]);
  expect(tables.every(({ strict }) => strict === 1)).toBe(true);
});

test("a file of the version before is brought forward with what it holds, and its requests are found", async () => {
  const folder = temporaryFolder();
  const native = new Libsql(join(folder, DATABASE_FILE));
  for (const migration of MIGRATIONS.slice(0, 2)) native.exec(migration);
  native.exec("PRAGMA user_version = 2");
  const row = sampleScoreRow(1, { traceId: traceId(1) });
  native.prepare("INSERT INTO scores (created_at, body) VALUES (?, ?)").run(row.createdAt, JSON.stringify(row));
  native
    .prepare("INSERT INTO traces (id, created_at, state, head) VALUES (?, ?, 'complete', ?)")
    .run(traceId(2), 5, JSON.stringify(sampleHead(2)));
  native.close();
  const database = openDatabase({ folder });
  const scores = createScoreLog(database);
  expect(await scores.find({ requestId: "request-1", limit: 9 })).toEqual([{ row, origin: null }]);
  const traces = createTraceStore(database);
  expect(await findTracesHere({ database, traces }, "request-2")).toEqual([traceId(2)]);
});
