import { describe, expect, it } from "vitest";
import type { AggregateOptions } from "../../src/detect/aggregate.ts";
import { contributionsOf, type ContributionPlace } from "../../src/enrichment/contributions.ts";
import { loadedDetector } from "../support/scripted-kind.ts";
import { TINY_DETECTORS, TINY_POLICY } from "../support/tiny-reader.ts";

const [concept, probe] = TINY_DETECTORS as [(typeof TINY_DETECTORS)[0], (typeof TINY_DETECTORS)[0]];
const PARTS = [
  [1, 0.5],
  [2, -1],
  [0, 4],
];

function place(changes: Partial<ContributionPlace> = {}): ContributionPlace {
  const steps = PARTS.map((parts, index) => ({
    position: 10 + index,
    phase: index === 0 ? ("both" as const) : ("generation" as const),
    parts: new Map([[3, Float32Array.from(parts)]]),
  }));
  const before = { position: 9, phase: "prompt" as const, parts: new Map([[3, Float32Array.of(9, 9)]]) };
  return { policy: TINY_POLICY, steps: [before, ...steps], position: 12, shown: [9, 10, 11, 12, 13], ...changes };
}

const values = (aggregate: AggregateOptions, changes: Partial<ContributionPlace> = {}) =>
  contributionsOf({ detector: { ...probe, aggregate }, firstRead: 3 }, place(changes)).map((each) => each.values);

describe("contributions", () => {
  it("share a mean out by token and tap; the prompt, which the probe does not judge, gave nothing", () => {
    expect(values({ type: "mean", weight: 1, start: 0 })).toEqual([
      [null, 0.25, 0.5, 0, null],
      [null, 0.125, -0.25, 1, null],
    ]);
  });

  it("weigh old tokens as a moving average does", () => {
    expect(values({ type: "ema", alpha: 0.5, start: 0 })[0]).toEqual([null, 0.125, 0.5, 0, null]);
  });

  it("of a largest score belong to the position that has it", () => {
    expect(values({ type: "max" })[1]).toEqual([null, 0, 0, 2.5, null]);
  });

  it("end at the firing", () => {
    expect(values({ type: "max" }, { position: 11 })[0]).toEqual([null, 0.5, 0, null, null]);
  });

  it("name tap and bias, and are those of probes alone", () => {
    const found = contributionsOf({ detector: probe, firstRead: 3 }, place());
    expect(found.map(({ detector, tap, bias }) => [detector, tap, bias])).toEqual([
      ["probe", "0.attn_out", 0.5],
      ["probe", "1.resid_post", 0.5],
    ]);
    expect(contributionsOf({ detector: concept, firstRead: 0 }, place())).toEqual([]);
    expect(contributionsOf({ detector: loadedDetector("words"), firstRead: 0 }, place())).toEqual([]);
  });

  it("are not told of one that only confirms, nor where they would take seconds", () => {
    expect(values({ type: "max" }, { policy: { ...TINY_POLICY, detectors: {} } })).toEqual([]);
    const shown = Array.from({ length: 4_000_000 }, () => 10);
    expect(values({ type: "max" }, { shown })[0]?.[0]).toBeNull();
  });
});
