import { expect, test } from "vitest";
import { createItemMaker } from "../../src/queue/item-maker.ts";
import { isFlood } from "../../src/queue/queue.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import type { Trace, TraceHead } from "../../src/trace/trace.ts";
import { sampleEvidence, sampleFinding, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";

function setUp(changes: { newItemsPerMinute?: number; blind?: number } = {}) {
  const warnings: unknown[] = [];
  const { digest } = createSealing(new Uint8Array(32).fill(7));
  const warn = (facts: unknown) => void warnings.push(facts);
  return { warnings, make: createItemMaker({ digest, newItemsPerMinute: 60, blind: 0, log: { warn }, ...changes }) };
}

const trace = (number: number, head: Partial<TraceHead> = {}, changes: Partial<Trace> = {}) =>
  sampleTrace({ head: sampleHead(number, { promptTokens: 11, ...head }), ...changes });
const asks = (content: string) => ({ conversation: [{ role: "user", content }] });

test("the same text up to a firing of the same detector is the same repetition, whatever came after", () => {
  const { make } = setUp();
  const longer = sampleEvidence({ generated: [...sampleEvidence().generated, { id: 99, text: " more" }] });
  const [first, second] = [make(trace(1)), make(trace(2, {}, { evidence: [longer] }))];
  expect(second.repetition).toBe(first.repetition);
  expect(first.repetition).not.toContain("sushi");
  expect(first.repetition).not.toBe(traceId(1));
});

test("another prompt, another token before the firing and another detector are other repetitions", () => {
  const { make } = setUp();
  const other = sampleEvidence({ generated: [{ id: 5, text: "X" }, ...sampleEvidence().generated.slice(1)] });
  const detector = sampleEvidence({ finding: sampleFinding({ detector: "audit-approval" }) });
  const made = [
    make(trace(1)),
    make(trace(2, asks("Tell me about tea."))),
    make(trace(3, {}, { evidence: [other] })),
    make(trace(4, {}, { evidence: [detector] })),
    make(trace(5, {}, { evidence: [sampleEvidence({ decision: { action: "flag" } })] })),
    make(trace(6, { conversation: [{ role: "system", content: "Tell me about sushi." }] })),
  ];
  expect(new Set(made.map(({ repetition }) => repetition)).size).toBe(made.length);
});

test("what is above the bound of a key's minute joins one item a detector, and is told of once a minute", () => {
  const { make, warnings } = setUp({ newItemsPerMinute: 3 });
  const ask = (number: number, head: Partial<TraceHead> = {}) =>
    make(trace(number, { createdAt: 1_000_000_000_000, keyId: "key-1", ...asks(`question ${number}`), ...head }));
  const items = Array.from({ length: 6 }, (_, number) => ask(number));
  expect(items.map(isFlood)).toEqual([false, false, false, true, true, true]);
  expect(new Set(items.slice(3).map(({ repetition }) => repetition)).size).toBe(1);
  expect(warnings).toEqual([{ keyId: "key-1", perMinute: 3 }]);
  // Alike ones add no new item, another key and another minute have their own bound.
  expect(isFlood(ask(0))).toBe(false);
  expect(isFlood(ask(7, { keyId: "key-2" }))).toBe(false);
  expect(isFlood(ask(8, { createdAt: 1_000_000_060_000 }))).toBe(false);
});

test("floods of other hours, keys and detectors are other items", () => {
  const { make } = setUp({ newItemsPerMinute: 1 });
  const flood = (number: number, head: Partial<TraceHead>, detector = "country-channel") => {
    const evidence = [sampleEvidence({ finding: sampleFinding({ detector }) })];
    make(trace(number, { ...asks(`first ${number}`), ...head }, { evidence }));
    return make(trace(number + 100, { ...asks(`second ${number}`), ...head }, { evidence })).repetition;
  };
  const made = [
    flood(1, { createdAt: 3_600_000, keyId: "a" }),
    flood(2, { createdAt: 7_200_000, keyId: "a" }),
    flood(3, { createdAt: 3_600_000, keyId: "b" }),
    flood(4, { createdAt: 3_600_000, keyId: "a" }, "audit-approval"),
  ];
  expect(new Set(made).size).toBe(4);
  expect(made.every((repetition) => isFlood({ repetition }))).toBe(true);
});

test("a share of flagged items is blind, the same ones every time", () => {
  const { make } = setUp({ blind: 0.25, newItemsPerMinute: 1_000_000 });
  const blind = Array.from({ length: 1_000 }, (_, number) => make(trace(number)).blind);
  expect(blind.filter(Boolean).length).toBeGreaterThan(200);
  expect(blind.filter(Boolean).length).toBeLessThan(300);
  expect(Array.from({ length: 1_000 }, (_, number) => make(trace(number)).blind)).toEqual(blind);
});

test("a sampled reply joins nothing and does not count", () => {
  const { make } = setUp({ newItemsPerMinute: 1 });
  const sample = { detector: "audit-approval", score: 1, threshold: 2, stratum: "clear", probability: 0.1 } as const;
  const made = [1, 2].map((number) => make(trace(number, {}, { evidence: [], sample })));
  expect(made.map(({ repetition }) => repetition)).toEqual([traceId(1), traceId(2)]);
  expect(isFlood(make(trace(3)))).toBe(false);
});

test("texts that differ only in what was taken out before they were stored are other repetitions", () => {
  const { make } = setUp();
  const redacted = (digest: string) => ({ ...asks("[redacted: code]"), redacted: { names: ["code"], digest } });
  const made = [make(trace(1, redacted("a"))), make(trace(2, redacted("b"))), make(trace(3, redacted("a")))];
  expect(made[1]?.repetition).not.toBe(made[0]?.repetition);
  expect(made[2]?.repetition).toBe(made[0]?.repetition);
});
