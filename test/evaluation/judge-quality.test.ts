import { describe, expect, it } from "vitest";
import { chooseThresholds, qualityAt } from "../../src/evaluation/judge-quality.ts";

describe("chooseThresholds", () => {
  // The detector alarms on two of five rows at its own threshold; the judge's unit is another.
  const negatives = { detector: [0.1, 0.9, 0.2, 0.8, 0.3], judge: [-3, -1, 4, 2, -2] };

  it("keeps the detector's threshold, and gives the judge as many false alarms on the same rows", () => {
    const chosen = chooseThresholds({ negatives, level: 0.5 });
    expect(chosen).toMatchObject({ detector: 0.5, alarms: 2 });
    expect(negatives.judge.filter((score) => score >= chosen.judge)).toEqual([4, 2]);
  });

  it("lets the judge alarm on no row where the detector does not", () => {
    const { judge, alarms } = chooseThresholds({ negatives, level: 1 });
    expect(alarms).toBe(0);
    expect(judge).toBeGreaterThan(4);
  });

  it("places both at a share of false alarms when one is given", () => {
    const { detector, judge, alarms } = chooseThresholds({ negatives, level: 9, falseAlarms: 0.2 });
    expect(alarms).toBe(1);
    expect(negatives.detector.filter((score) => score >= detector)).toEqual([0.9]);
    expect(negatives.judge.filter((score) => score >= judge)).toEqual([4]);
  });

  it("takes the judge's threshold as it is given", () => {
    expect(chooseThresholds({ negatives, level: 0.5, falseAlarms: 0.2, judgeThreshold: 0 }).judge).toBe(0);
  });

  it("refuses scores that are no numbers, and none", () => {
    const broken = { detector: [0, 1], judge: [NaN, 1] };
    expect(() => chooseThresholds({ negatives: broken, level: 0.5 })).toThrow("the score of reply 0 is NaN");
    expect(() => chooseThresholds({ negatives: { detector: [], judge: [] }, level: 0.5 })).toThrow(
      "there are no scores",
    );
  });
});

describe("qualityAt", () => {
  const sample = {
    labels: [1, 1, 1, 1, 0, 0, 0, 0],
    scores: [4, 3, 2, -1, 0, 1, 2.5, -2],
    groups: ["a", "b", "c", "d", "a", "b", "c", "d"],
  };

  it("gives AUROC, and recall and false alarms at the threshold, which belongs to those that fire", () => {
    const { threshold, auroc, recall, falseAlarms } = qualityAt(sample, 2);
    expect(threshold).toBe(2);
    // Of 16 pairs 4 + 4 + 3 + 1 are in order.
    expect(auroc.value).toBe(12 / 16);
    expect(recall.value).toBe(3 / 4);
    expect(falseAlarms.value).toBe(1 / 4);
    for (const { value, low, high } of [auroc, recall, falseAlarms]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(high - low).toBeGreaterThan(0.1);
    }
  });

  it("refuses one class", () => {
    expect(() => qualityAt({ labels: [1, 1], scores: [1, 2], groups: ["a", "b"] }, 0)).toThrow("both classes");
  });
});
