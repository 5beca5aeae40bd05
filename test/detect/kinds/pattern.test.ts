import { describe, expect, it } from "vitest";
import type { Phase } from "../../../src/detect/finding.ts";
import type { Positions, ResolveContext } from "../../../src/detect/kinds/kind.ts";
import { patternKind } from "../../../src/detect/kinds/pattern.ts";

const context: ResolveContext = {
  layers: 1,
  hidden: 1,
  modelSha256: "",
  precision: "fast",
  lenses: ["logit"],
  tokenOf: () => undefined,
  encode: () => [],
  textOf: () => "",
  readBytes: () => new Uint8Array(0),
};

function resolve(...patterns: { regex: string; flags?: string; name?: string }[]) {
  return patternKind.resolve(patternKind.schema.parse({ patterns }), context).resolved;
}

type Piece = string | { text: string; phase?: Phase; position?: number };

function scoreAll(regex: string, pieces: readonly Piece[], positions: Positions = "both"): (number | undefined)[] {
  const scorer = patternKind.start(resolve({ regex }), positions);
  return pieces.map((piece, index) => {
    const { text, phase = "generation", position = index + 1 } = typeof piece === "string" ? { text: piece } : piece;
    return scorer.score({ position, phase, token: 0, text, reading: () => expect.unreachable() })?.score;
  });
}

describe("the pattern kind", () => {
  it("scores 1 at the step in which a match ends, and 0 elsewhere", () => {
    expect(scoreAll("sushi", ["I", " like", " sushi", " a", " lot"])).toEqual([0, 0, 1, 0, 0]);
  });

  it("finds matches across token borders", () => {
    expect(scoreAll("sushi", ["su", "", "sh", "i", "!"])).toEqual([0, 0, 0, 1, 0]);
  });

  it("finds a match that overlaps one which ended before", () => {
    expect(scoreAll("ab|bcd", ["ab", "c", "d"])).toEqual([1, 0, 1]);
  });

  it("reaches back 256 characters and no further", () => {
    const far = "x".repeat(256);
    expect(scoreAll("a.*b", ["a", "x".repeat(200), "b"])).toEqual([0, 0, 1]);
    expect(scoreAll("a.*b", ["a", far, "b"])).toEqual([0, 0, 0]);
  });

  it("does not take the edge of its window for the beginning of the text", () => {
    expect(scoreAll("^x+b", ["a", ...Array.from({ length: 300 }, () => "x"), "b"]).at(-1)).toBe(0);
    expect(scoreAll("^xb", ["x", "b"])).toEqual([0, 1]);
  });

  it("does not join texts that stand on two sides of something that is not judged", () => {
    const apart: Piece[] = [
      { text: "su", phase: "prompt" },
      { text: "shi", phase: "prompt", position: 9 },
    ];
    expect(scoreAll("sushi", apart)).toEqual([0, 0]);
  });

  it("joins a reply across a special token, as the client sees it", () => {
    expect(scoreAll("sushi", ["su", { text: "shi", position: 9 }])).toEqual([0, 1]);
  });

  it("goes on after a match that begins with a character of two UTF-16 units", () => {
    const scorer = patternKind.start(resolve({ regex: String.raw`\p{Emoji_Presentation}x`, flags: "u" }), "both");
    const step = { phase: "generation", token: 0, reading: () => expect.unreachable() } as const;
    expect(scorer.score({ ...step, position: 1, text: "😀x" })?.score).toBe(1);
    expect(scorer.score({ ...step, position: 2, text: " and" })?.score).toBe(0);
  });

  it("leaves the last prompt token out for a detector that judges the generation alone", () => {
    const pieces: Piece[] = [{ text: " sushi", phase: "both" }, " is"];
    expect(scoreAll("sushi", pieces, "generation")).toEqual([undefined, 0]);
    expect(scoreAll("sushi", pieces, "both")).toEqual([1, 0]);
  });

  it("names the pattern that matched", () => {
    const scorer = patternKind.start(resolve({ regex: "cat" }, { regex: "d.g", flags: "i", name: "a dog" }), "both");
    const score = scorer.score({
      position: 1,
      phase: "generation",
      token: 0,
      text: "DOG",
      reading: () => expect.unreachable(),
    });
    expect(score).toEqual({ score: 1, names: [{ name: "a dog", share: 1 }] });
  });

  it.each([
    ["an expression that does not parse", "a(", /Invalid regular expression/],
    ["one that matches the empty text", "a*", /matches the empty text/],
    ["one that backtracks without end", "(a+)+$", /takes too long/],
    ["one that backtracks on a letter of its own", "(q|q)+$", /takes too long/],
  ])("refuses %s", (_, regex, message) => {
    expect(() => resolve({ regex })).toThrow(
      expect.objectContaining({ path: ["patterns", 0, "regex"], message: expect.stringMatching(message) }),
    );
  });

  it("refuses flags that change where a search starts", () => {
    expect(() => resolve({ regex: "a", flags: "y" })).toThrow(/only the flags/);
  });
});
