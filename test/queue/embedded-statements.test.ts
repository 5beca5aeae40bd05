import { expect, test } from "vitest";
import { filterValues, prepareStatements } from "../../src/queue/embedded-statements.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("every statement fits the schema, and an empty queue has no row for any of them", () => {
  const sql = prepareStatements(openDatabase({ folder: temporaryFolder() }));
  expect(sql.list.all(...filterValues({}), 10, 0)).toEqual([]);
  expect(sql.counts.get()).toMatchObject({ waiting: 0, dead: 0, oldest: null });
});

test("fields that a filter leaves out are bound as NULL, in the order of the statement", () => {
  expect(filterValues({ state: "waiting", model: "m" })).toEqual(["waiting", null, null, null, "m", null]);
  expect(filterValues({ stage: "second", detector: "d", action: "flag", createdBefore: 7 })).toEqual([
    null,
    "second",
    "d",
    "flag",
    null,
    7,
  ]);
});
