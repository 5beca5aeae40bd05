import { expect, test } from "vitest";
import { createSummaries } from "../../src/review/item-summary.ts";
import { findSimilar } from "../../src/review/similar-items.ts";
import {
  sampleDecision,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  sampleQueuedItem,
  sampleTrace,
  traceId,
} from "../conformance/samples.ts";

const NAMES = ["Japan", "China", "Japan", "Peru", "Japan"];
const SCORES = [6.5, 6.4, 2, 6.6, null];

function start() {
  const items = NAMES.map((_, number) => sampleQueuedItem(number, { state: "decided", score: SCORES[number] ?? null }));
  const asked: unknown[] = [];
  const summaries = createSummaries({
    async get(id) {
      const number = Number.parseInt(id.slice(3), 16);
      const finding = sampleFinding({ names: [{ name: NAMES[number] ?? "", share: 1 }] });
      return sampleTrace({ head: sampleHead(number), evidence: [sampleEvidence({ finding })] });
    },
  });
  const queue = {
    async list(filter: object) {
      asked.push(filter);
      return items;
    },
  };
  const decisions = {
    list: async (id: string) =>
      id === traceId(3) ? [] : [sampleDecision(0, { traceId: id, verdict: "true_positive" })],
  };
  return { parts: { queue, decisions, summaries }, asked };
}

test("decided items with the same name in mind come first, then the nearest scores, each with its verdict", async () => {
  const { parts, asked } = start();
  const found = await findSimilar(parts, sampleQueuedItem(0, { score: 6.5 }));
  // The item itself is left out, and so is one whose verdict was withdrawn.
  expect(found.map((each) => each.traceId)).toEqual([2, 4, 1].map(traceId));
  expect(found[0]).toEqual({
    traceId: traceId(2),
    detector: "country-channel",
    verdict: "true_positive",
    name: "Japan",
    score: 2,
    createdAt: 1_700_000_000_002,
  });
  expect(asked).toEqual([{ state: "decided", detector: "country-channel", limit: 500 }]);
});
