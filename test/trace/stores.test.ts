import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { VERDICTS } from "../../src/trace/stores.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("every verdict has a count", async () => {
  const counts = await createDecisionStore(openDatabase({ folder: temporaryFolder() })).count();
  expect(Object.keys(counts)).toEqual([...VERDICTS]);
});
