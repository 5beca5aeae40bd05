import { describe, expect, it } from "vitest";
import { ConceptScore, logOddsOf, probabilityOf, shareByName } from "../../../src/detect/kinds/concept-score.ts";
import type { Reading } from "../../../src/lens/reading.ts";

const reading = (logOdds: number): Reading => ({ logOdds, logits: new Float32Array(0) });
const words = { names: ["Japan", "Peru", "Chile", "Cuba"], nameOfToken: [0, 0, 1, 2, 3] };

describe("logOddsOf", () => {
  it("leaves those of the background as they are and makes some of ln p", () => {
    expect(logOddsOf("background", reading(3))).toBe(3);
    expect(logOddsOf("exact", reading(Math.log(0.25)))).toBeCloseTo(Math.log(1 / 3), 12);
  });

  it("takes a hair above ln 1 for certainty, and more for a broken reading", () => {
    expect(logOddsOf("exact", reading(1e-5))).toBeGreaterThan(20);
    expect(probabilityOf(reading(1e-5))).toBe(1);
    expect(() => logOddsOf("exact", reading(0.1))).toThrow("an exact reading gave ln p = 0.1");
    expect(() => probabilityOf(reading(0.1))).toThrow("above 0");
  });

  it("passes NaN on", () => {
    expect([logOddsOf("exact", reading(Number.NaN)), probabilityOf(reading(Number.NaN))]).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe("shareByName", () => {
  it("adds up the tokens of a name and gives the three strongest", () => {
    const shares = shareByName(words, Float32Array.of(0, 0, Math.log(4), 0, -99));
    expect(shares.map(({ name, share }) => [name, Math.round(share * 1000) / 1000])).toEqual([
      ["Peru", 0.571],
      ["Japan", 0.286],
      ["Chile", 0.143],
    ]);
  });
});

describe("ConceptScore", () => {
  it("sorts its words out only when they are asked for", () => {
    let asked = 0;
    const lazy = {
      logOdds: 1,
      get logits() {
        asked += 1;
        return Float32Array.of(9, 0, 0, 0, 0);
      },
    };
    const score = new ConceptScore(1, { resolved: words, reading: lazy, tap: "1.mlp_out" });
    expect([score.score, score.tap, asked]).toEqual([1, "1.mlp_out", 0]);
    expect(score.names[0]?.name).toBe("Japan");
  });
});
