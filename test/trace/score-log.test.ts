import { expect, test } from "vitest";
import { describeScoreLog } from "../conformance/score-log.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";

describeScoreLog("the embedded score log", async () => createScoreLog(openDatabase({ folder: temporaryFolder() })));

test.each([
  ["requestId", "scores_by_request"],
  ["traceId", "scores_by_trace"],
])("a look for a %s goes by an index, not over the table", async (field, index) => {
  const database = openDatabase({ folder: temporaryFolder() });
  const asked: string[] = [];
  const prepare: typeof database.prepare = (sql) => (asked.push(sql), database.prepare(sql));
  createScoreLog({ ...database, prepare });
  const sql = asked.find((each) => each.includes(`'$.${field}'`)) ?? "";
  const plan = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all("x", 9);
  expect(plan.map(({ detail }) => detail).join("; ")).toContain(`USING INDEX ${index}`);
});
