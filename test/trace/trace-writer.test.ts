import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { createTraceWriter, traceStateOf } from "../../src/trace/trace-writer.ts";
import { sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { runEnd } from "./scripted-run.ts";

const ENDING = { endedAt: 9, left: false };

test("the first evidence opens the trace with what is known by then, later ones are added", async () => {
  const traces = createTraceStore(openDatabase({ folder: temporaryFolder() }));
  const writer = createTraceWriter({ traces }, sampleHead());
  expect(writer.flagged()).toBe(false);
  writer.learnPrompt(42);
  await writer.save(sampleEvidence());
  await writer.save(sampleEvidence({ released: 8 }));
  expect(writer.flagged()).toBe(true);
  expect(await traces.get(traceId(1))).toMatchObject({
    head: { promptTokens: 42 },
    evidence: [{ released: 3 }, { released: 8 }],
  });
  await writer.close(runEnd("stop"), ENDING);
  expect(await traces.get(traceId(1))).toMatchObject({ state: "complete", end: { endedAt: 9, reason: "stop" } });
});

test("evidence that could not be written is written with the end, in order, each once", async () => {
  const real = createTraceStore(openDatabase({ folder: temporaryFolder() }));
  let broken = true;
  const open: typeof real.open = (...given) => (broken ? Promise.reject(new Error("full")) : real.open(...given));
  const writer = createTraceWriter({ traces: { ...real, open } }, sampleHead());
  await expect(writer.save(sampleEvidence())).rejects.toThrow("full");
  await expect(writer.save(sampleEvidence({ released: 8 }))).rejects.toThrow("full");
  expect(writer.flagged()).toBe(true);
  await expect(writer.close(runEnd("stop"), ENDING)).rejects.toThrow("full");
  broken = false;
  await writer.close(runEnd("stop"), { ...ENDING, left: true });
  expect(await real.get(traceId(1))).toMatchObject({
    state: "interrupted",
    evidence: [{ released: 3 }, { released: 8 }],
  });
});

test("only an end that the model or the policy chose makes a trace complete", () => {
  const reasons = ["stop", "length", "abort", "unavailable", "cancelled", "deadline", "failed"] as const;
  expect(reasons.filter((reason) => traceStateOf(reason) === "complete")).toEqual(["stop", "length", "abort"]);
});
