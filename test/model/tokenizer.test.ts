import { beforeAll, describe, expect, it } from "vitest";
import { createTokenizer, type Tokenizer } from "../../src/model/tokenizer.ts";
import type { Vocabulary } from "../../src/model/vocabulary.ts";
import { readFixture, type TokenFixture } from "../support/reference.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

const fixture = readFixture<TokenFixture>("reference/tokens.json");
let vocabulary: Vocabulary;
let tokenizer: Tokenizer;
beforeAll(async () => {
  vocabulary = await vendoredVocabulary();
  tokenizer = createTokenizer(vocabulary);
});

describe("encoding", () => {
  it("gives the reference's ids for every line, special tokens' text unparsed", () => {
    expect(fixture.lines.map((line) => tokenizer.encode(line.text))).toEqual(fixture.lines.map((line) => line.ids));
  });

  it("gives the reference's ids for every line, special tokens parsed", () => {
    expect(fixture.lines.map((line) => tokenizer.encodeWithSpecials(line.text))).toEqual(
      fixture.lines.map((line) => line.parsed),
    );
  });

  it.each(Object.keys(fixture.other))("gives the reference's ids under the rule %s", (pre) => {
    const other = createTokenizer({ ...vocabulary, pre });
    expect(fixture.lines.map((line) => other.encode(line.text))).toEqual(fixture.other[pre]);
  });

  it("never gives a special id for text, whatever the text", () => {
    for (const piece of vocabulary.pieces.slice(0, 17)) {
      expect(tokenizer.encode(`${piece} a${piece}`).some((id) => tokenizer.isSpecial(id))).toBe(false);
    }
  });

  it("is the same for a vocabulary that went through JSON", () => {
    const again = createTokenizer(JSON.parse(JSON.stringify(vocabulary)) as Vocabulary);
    expect(again.encode("The capital of Germany is")).toEqual(tokenizer.encode("The capital of Germany is"));
  });

  it("takes an unpaired surrogate for U+FFFD", () => {
    expect(tokenizer.encode("a\ud800b")).toEqual(tokenizer.encode("a\ufffdb"));
  });

  it("encodes 100,000 characters without a blank in under two seconds", () => {
    const started = performance.now();
    expect(tokenizer.encode("a".repeat(100_000)).length).toBeGreaterThan(1000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("spans", () => {
  it("cover each line without a gap, in order, and give the ids of encode", () => {
    for (const { text, ids } of fixture.lines) {
      const spans = tokenizer.encodeWithSpans(text);
      expect(spans.ids).toEqual(ids);
      // Bytes that the vocabulary lacks give no id, so only such a line may have gaps.
      if (text.startsWith("missing")) continue;
      expect([spans.starts[0] ?? 0, spans.ends.at(-1) ?? 0]).toEqual([0, text.length]);
      spans.ids.forEach((_, index) => {
        const next = spans.starts[index + 1] ?? text.length;
        expect(next).toBeLessThanOrEqual(spans.ends[index] ?? 0);
        expect(next).toBeGreaterThanOrEqual(spans.starts[index] ?? 0);
      });
    }
  });

  it("hold exactly the token's text where it is whole characters", () => {
    const text = "Café 42 🙂 don't";
    const { ids, starts, ends } = tokenizer.encodeWithSpans(text);
    expect(ids.map((_, index) => text.slice(starts[index], ends[index])).join("")).toBe(text);
    expect(ids.map((id) => tokenizer.textOf(id))).toEqual(
      ids.map((_, index) => text.slice(starts[index], ends[index])),
    );
  });

  it("give a split character to each of its tokens", () => {
    const { ids, starts, ends } = tokenizer.encodeWithSpans("a𐍈b");
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(starts.slice(1, -1))).toEqual(new Set([1]));
    expect(new Set(ends.slice(1, -1))).toEqual(new Set([3]));
  });

  it("leave out bytes that the vocabulary lacks and keep the count", () => {
    expect(tokenizer.encodeWithSpans("\u0004x\u0004")).toEqual({ ids: tokenizer.encode("x"), starts: [1], ends: [2] });
  });
});

describe("single tokens", () => {
  it("are found by their exact text, blank and capital included", () => {
    const id = tokenizer.tokenOf(" Germany");
    expect(id).toBe(4521);
    expect(tokenizer.textOf(4521)).toBe(" Germany");
    expect(tokenizer.tokenOf(" Germanyy")).toBeUndefined();
  });

  it("are never special ones", () => {
    expect(tokenizer.tokenOf("<|im_end|>")).toBeUndefined();
    expect(tokenizer.isSpecial(2)).toBe(true);
    expect(tokenizer.textOf(2)).toBe("<|im_end|>");
  });

  it("outside the vocabulary are refused", () => {
    expect(() => tokenizer.textOf(tokenizer.size)).toThrow(RangeError);
  });
});

describe("added tokens", () => {
  it("are cut out with their places, the longest first", () => {
    const made = createTokenizer({
      ...vocabulary,
      pieces: [...vocabulary.pieces, "<|im_end|>>"],
      types: [...vocabulary.types, 4],
    });
    expect(made.splitAtAdded("a<|im_end|>>b<|im_end|>")).toEqual([
      { text: "a", start: 0 },
      { text: "<|im_end|>>", start: 1, id: 49152 },
      { text: "b", start: 12 },
      { text: "<|im_end|>", start: 13, id: 2 },
    ]);
  });

  it("that the publisher defined are parsed with the special ones, and never in plain text", () => {
    const made = createTokenizer({
      ...vocabulary,
      pieces: [...vocabulary.pieces, "<tool>"],
      types: [...vocabulary.types, 4],
    });
    expect(made.encodeWithSpecials("<tool>")).toEqual([49152]);
    expect(made.encode("<tool>")).not.toContain(49152);
    expect(made.isSpecial(49152)).toBe(false);
  });
});

describe("a vocabulary that does not fit", () => {
  it("is refused when a merge gives no token", () => {
    expect(() => createTokenizer({ ...vocabulary, merges: ["q zzz"] })).toThrow(/the merge "q zzz" gives no token/);
  });

  it("is refused when its rule is unknown", () => {
    expect(() => createTokenizer({ ...vocabulary, pre: "exotic" })).toThrow(/"exotic" is not supported/);
  });
});
