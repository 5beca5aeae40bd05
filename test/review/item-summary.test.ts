import { expect, test } from "vitest";
import { createSummaries } from "../../src/review/item-summary.ts";
import {
  sampleEvidence,
  sampleFinding,
  sampleHead,
  sampleQueuedItem,
  sampleTrace,
  traceId,
} from "../conformance/samples.ts";

test("a summary has the last turn that asked, what was in mind, and reads a closed trace once", async () => {
  let reads = 0;
  const conversation = [
    { role: "user", content: "x".repeat(159) + "\u{1f363}" },
    { role: "assistant", content: "answer" },
  ];
  const summaries = createSummaries({
    async get(id) {
      reads += 1;
      return sampleTrace({ head: sampleHead(1, { id, conversation }) });
    },
  });
  const item = sampleQueuedItem(1);
  const summary = await summaries.summarise(item, false);
  expect(summary).toEqual({ ...item, preview: "x".repeat(159), name: "Japan", traceState: "complete" });
  expect(await summaries.nameOf(traceId(1))).toBe("Japan");
  expect(reads).toBe(1);
});

test("a hidden summary has the words of the request and nothing that a detector said", async () => {
  const summaries = createSummaries({ get: async () => sampleTrace() });
  expect(await summaries.summarise(sampleQueuedItem(1, { blind: true }), true)).toMatchObject({
    action: "blind",
    name: null,
    score: null,
    preview: "Tell me about sushi.",
  });
});

test("the tap that a probe names is nothing that it had in mind", async () => {
  const finding = sampleFinding({ names: [{ name: "23.mlp_out", share: 1 }] });
  const summaries = createSummaries({ get: async () => sampleTrace({ evidence: [sampleEvidence({ finding })] }) });
  expect(await summaries.nameOf(traceId(1))).toBeNull();
});

test("an open or missing trace is read again", async () => {
  let trace: ReturnType<typeof sampleTrace> | undefined;
  const summaries = createSummaries({ get: async () => trace });
  const stateOf = async () => (await summaries.summarise(sampleQueuedItem(1), false)).traceState;
  expect(await stateOf()).toBeNull();
  trace = sampleTrace({ state: "open", end: null });
  expect(await stateOf()).toBe("open");
  trace = sampleTrace();
  expect(await stateOf()).toBe("complete");
});
