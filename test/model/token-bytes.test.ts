import { beforeAll, describe, expect, it } from "vitest";
import {
  bytesOfPiece,
  createDetokeniser,
  createTokenBytes,
  pieceOfText,
  type TokenBytes,
} from "../../src/model/token-bytes.ts";
import { createTokenizer, type Tokenizer } from "../../src/model/tokenizer.ts";
import { readFixture, type TokenFixture } from "../support/reference.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

const fixture = readFixture<TokenFixture>("reference/tokens.json");
let tokens: TokenBytes;
let tokenizer: Tokenizer;
beforeAll(async () => {
  const vocabulary = await vendoredVocabulary();
  tokens = createTokenBytes(vocabulary);
  tokenizer = createTokenizer(vocabulary);
});

/** A table where token n stands for the n-th list of bytes. */
function tableOf(...lists: number[][]): TokenBytes {
  return { bytesOf: (id) => Uint8Array.from(lists[id] ?? []) };
}

describe("the byte alphabet", () => {
  it("has a letter for every byte and back", () => {
    const text = Array.from({ length: 0x500 }, (_, code) => String.fromCharCode(code)).join("");
    expect(bytesOfPiece(pieceOfText(text))).toEqual(new TextEncoder().encode(text));
    expect(pieceOfText(" the\n")).toBe("ĠtheĊ");
  });

  it("leaves a piece outside the alphabet as it is", () => {
    expect(bytesOfPiece("▁a b")).toEqual(new TextEncoder().encode("▁a b"));
  });
});

describe("token bytes", () => {
  it("of special tokens and of ids outside the vocabulary are empty", () => {
    expect([0, 1, 2, 16, -1, 49152].map((id) => tokens.bytesOf(id).length)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(tokens.bytesOf(17)).toEqual(Uint8Array.of(33));
  });

  it("of an added token that is text are its own UTF-8", () => {
    const made = createTokenBytes({
      pieces: ["<é>"],
      types: [4],
      merges: [],
      pre: "gpt-2",
      bosId: null,
      eosIds: [],
      chatTemplate: null,
      addBos: false,
    });
    expect(made.bytesOf(0)).toEqual(new TextEncoder().encode("<é>"));
  });
});

describe("the detokeniser", () => {
  it("gives every line back, whole characters at every step", () => {
    for (const { text } of fixture.lines) {
      if (text.startsWith("missing")) continue;
      const detokeniser = createDetokeniser(tokens);
      const parts = tokenizer.encode(text).map((id) => detokeniser.push(id));
      expect(detokeniser.pending()).toBe(0);
      expect(parts.join("") + detokeniser.flush()).toBe(text);
      expect(parts.every((part) => Buffer.from(part).toString() === part)).toBe(true);
    }
  });

  it("holds a split character back until it is whole", () => {
    const detokeniser = createDetokeniser(tableOf([0x41, 0xf0], [0x9f, 0x99], [0x82]));
    expect([detokeniser.push(0), detokeniser.pending()]).toEqual(["A", 1]);
    expect([detokeniser.push(1), detokeniser.pending()]).toEqual(["", 3]);
    expect([detokeniser.push(2), detokeniser.pending()]).toEqual(["🙂", 0]);
  });

  it("keeps a byte order mark", () => {
    expect(createDetokeniser(tableOf([0xef, 0xbb, 0xbf, 0x61])).push(0)).toBe("\ufeffa");
  });

  it("shows what stays split at the end as U+FFFD, once", () => {
    const detokeniser = createDetokeniser(tableOf([0xe4, 0xbd]));
    expect(detokeniser.push(0)).toBe("");
    expect(detokeniser.flush()).toBe("\ufffd");
    expect(detokeniser.flush()).toBe("");
  });

  it("gives in any cut of any bytes what decoding them at once gives", () => {
    const alphabet = [0x41, 0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0xa0, 0x90];
    let state = 1;
    const next = (below: number): number => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    for (let round = 0; round < 2000; round += 1) {
      const lists = Array.from({ length: 6 }, () =>
        Array.from({ length: next(4) }, () => alphabet[next(alphabet.length)] ?? 0),
      );
      const detokeniser = createDetokeniser(tableOf(...lists));
      const text = lists.map((_, id) => detokeniser.push(id)).join("") + detokeniser.flush();
      expect(text).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(lists.flat())));
    }
  });
});
