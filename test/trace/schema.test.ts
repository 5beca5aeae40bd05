import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { MIGRATIONS } from "../../src/trace/schema.ts";
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
