import { expect, test } from "vitest";
import { describeDecisionStore } from "../conformance/decision-store.ts";
import { sampleDecision } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";

describeDecisionStore("the embedded decision store", async () =>
  createDecisionStore(openDatabase({ folder: temporaryFolder() })),
);

test("the table refuses to change a verdict", async () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const store = createDecisionStore(database);
  await store.add(sampleDecision(1, { traceId: "tr_1" }));
  expect(() => database.prepare("UPDATE decisions SET verdict = 'escalate'").run()).toThrow(/append-only/);
  expect(() => database.prepare("DELETE FROM decisions").run()).toThrow(/append-only/);
  expect((await store.latest("tr_1"))?.verdict).toBe("unsure");
});
