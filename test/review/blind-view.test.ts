import { expect, test } from "vitest";
import { hideItem, hideView } from "../../src/review/blind-view.ts";
import { viewTrace } from "../../src/review/evidence.ts";
import { sampleEnd, sampleHead, sampleQueuedItem, sampleTrace } from "../conformance/samples.ts";

test("a flagged and a sampled item look the same", () => {
  const flagged = sampleQueuedItem(1, { blind: true, count: 9, repetition: "flood:ab" });
  const sampled = sampleQueuedItem(1, {
    blind: true,
    action: "sample",
    score: -3,
    threshold: 7,
    priority: 900_000,
    sample: { stratum: "near", probability: 0.02 },
  });
  expect(hideItem(sampled)).toEqual(hideItem(flagged));
  const hidden = hideItem(flagged);
  expect(hidden).toMatchObject({ action: "blind", score: null, threshold: null, priority: null, count: 1 });
  expect(hidden).not.toHaveProperty("sample");
});

test("a reply that was stopped and one that ended look the same", () => {
  const stopped = sampleTrace({
    state: "interrupted",
    head: sampleHead(1, { promptTokens: 11 }),
    end: sampleEnd({ reason: "abort", releasedTokens: 3 }),
  });
  const ended = sampleTrace({ evidence: [], end: sampleEnd({ reason: "stop", releasedTokens: 4 }) });
  expect(hideView(viewTrace(stopped))).toEqual(hideView(viewTrace(ended)));
  expect(hideView(viewTrace(stopped))).toMatchObject({
    endReason: null,
    firings: [],
    reply: { released: 4, unsent: "ended" },
  });
});
