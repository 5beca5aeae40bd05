import { describe, expect, it } from "vitest";
import { closestWord, suggestWord } from "../src/suggestion.ts";

describe("closestWord", () => {
  it.each([
    ["treshold", "threshold"],
    ["Positions", "positions"],
    ["posiitons", "positions"],
    ["knid", "kind"],
    ["thresh", "threshold"],
  ])("takes %s for %s", (written, meant) => {
    expect(closestWord(written, ["kind", "threshold", "positions"])).toBe(meant);
  });

  it("guesses nothing for a word that is far from all", () => {
    expect(closestWord("zebra", ["kind", "threshold"])).toBeUndefined();
  });
});

describe("suggestWord", () => {
  it("asks for the nearest word, else lists all in order, else says to remove it", () => {
    expect(suggestWord("abrot", ["observe", "abort"])).toBe('did you mean "abort"?');
    expect(suggestWord("stop", ["observe", "abort"])).toBe("use one of abort, observe");
    expect(suggestWord("stop", [])).toBe("remove it");
  });
});
