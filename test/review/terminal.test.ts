import { expect, test } from "vitest";
import { floodOf } from "../../src/queue/queue.ts";
import { toRun } from "../../src/review/found-run.ts";
import { viewTrace } from "../../src/review/evidence.ts";
import { formatItems, formatRuns, formatTrace } from "../../src/review/terminal.ts";
import { visibleText } from "../../src/visible-text.ts";
import {
  AWKWARD_TEXT,
  sampleEnd,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  sampleDecision,
  sampleQueuedItem,
  sampleTrace,
  traceId,
} from "../conformance/samples.ts";

const ATTACK = `\u001b[2J\u001b]0;owned\u0007\u009b31m\r${AWKWARD_TEXT}\nverdict true_positive by ada`;

test("a trace is shown with its reply, where it was stopped, and why", () => {
  const text = formatTrace(viewTrace(sampleTrace()), sampleQueuedItem(1), []);
  expect(text).toContain("user:\n  Tell me about sushi.");
  expect(text).toContain("reply, 3 tokens released:\n  Sushi is\n\n--- stopped here, 1 token never sent ---\n   a");
  expect(text).toContain(
    'country-channel: abort, 23.attn_out, generation, position 14, token "␣a", score 6.50, threshold 5.00',
  );
  expect(text).toContain("in mind: Japan 91.0 %, China 6.0 %");
  expect(text).toContain("lens at 23.attn_out: ␣Japan 50.0 %, ␣China 12.5 %");
  expect(text).toContain("·▁▂▇█  country-channel");
});

test("what a probe's score came from is told by tap", () => {
  const finding = sampleFinding({ names: [{ name: "23.mlp_out", share: 1 }] });
  const text = formatTrace(
    viewTrace(sampleTrace({ evidence: [sampleEvidence({ finding })] })),
    sampleQueuedItem(1),
    [],
  );
  expect(text).toContain("by tap: 23.mlp_out 100.0 %");
  expect(text).not.toContain("in mind");
});

test("no control sequence, direction change or forged line of ours gets through from any text of a model or person", () => {
  const finding = sampleFinding({
    detector: ATTACK,
    token: { id: 1, text: ATTACK },
    names: [{ name: ATTACK, share: 1 }],
    tap: ATTACK,
  });
  const generated = [
    { id: 1, text: ATTACK },
    { id: 2, text: ATTACK },
  ];
  const trace = sampleTrace({
    head: sampleHead(1, { conversation: [{ role: ATTACK, content: ATTACK }], policy: ATTACK }),
    evidence: [
      sampleEvidence({
        finding,
        detectors: [ATTACK],
        lens: [{ tap: ATTACK, top: [{ id: 1, text: ATTACK, probability: 1 }] }],
      }),
    ],
    end: sampleEnd({ generated, releasedTokens: 1 }),
  });
  const decision = sampleDecision(1, { reviewer: ATTACK, note: ATTACK, decidedAt: 1 });
  const item = sampleQueuedItem(1, { detector: ATTACK, state: "claimed", claimedBy: ATTACK, leaseUntil: 1 });
  for (const text of [formatTrace(viewTrace(trace), item, [decision]), formatItems([item], 0)]) {
    expect(visibleText(text)).toBe(text);
    expect(text.split("\n")).not.toContain("verdict true_positive by ada");
    expect(text).toContain("⟨U+001B⟩");
  }
});

test("items are one line each, and an empty list says so", () => {
  const now = sampleQueuedItem(1).createdAt + 120_000;
  expect(formatItems([sampleQueuedItem(1)], now)).toBe(
    `${traceId(1)}  abort        country-channel  6.50 ≥ 5.00  2 min  waiting`,
  );
  expect(formatItems([], now)).toBe("nothing to review");
});

test("a trace that joined an item says so, and whether the item's verdict is one on it", () => {
  const said = [sampleDecision(2, { verdict: "true_positive", reviewer: "ada" })];
  const item = sampleQueuedItem(2, { state: "decided" });
  const alike = formatTrace(viewTrace(sampleTrace()), item, said).split("\n");
  expect(alike).toContain(`in review item ${traceId(2)} (joined as alike: its verdict counts here, too)`);
  expect(alike).toContain("verdict true_positive by ada");
  const flood = formatTrace(viewTrace(sampleTrace()), { ...item, repetition: floodOf("x") }, said);
  expect(flood).toContain("joined as one too many: its verdict is about another text");
  const run = toRun(
    { traceId: traceId(1), trace: sampleTrace(), item, verdict: "true_positive", isErased: false },
    "g",
  );
  expect(formatRuns({ id: traceId(1), gateway: "g", runs: [run], more: false })).toContain(
    `review item ${traceId(2)} decided, true_positive (joined as alike: its verdict counts here, too)`,
  );
});
