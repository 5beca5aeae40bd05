import { describe, expect, it } from "vitest";
import { createReleaseGate } from "../../src/engine/release-gate.ts";
import { createTokenBytes } from "../../src/model/token-bytes.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import type { ReleasedToken } from "../../src/engine/engine.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

const vocabulary = await vendoredVocabulary();
const { encode, textOf } = createTokenizer(vocabulary);
const bytes = createTokenBytes(vocabulary);

const openGate = (...stop: string[]) => createReleaseGate({ bytes, stop, textOf });
const textsOf = (tokens: readonly ReleasedToken[]) => tokens.map(({ text }) => text);

/** One gate fed token by token; `hold` as the engine applies it. What each step let go, and the rest. */
function stream(ids: readonly number[], { stop = [] as string[], hold = 0 } = {}) {
  const gate = openGate(...stop);
  const steps: string[][] = [];
  for (const [index, id] of ids.entries()) {
    const { stopped } = gate.push({ id });
    if (stopped) break;
    steps.push(textsOf(gate.release(index + 1 - hold)));
  }
  const rest = textsOf(gate.finish());
  return { steps, rest, text: [...steps.flat(), ...rest].join(""), released: gate.released };
}

describe("a gate without stop strings", () => {
  it("lets go of as many tokens as were judged, once each", () => {
    const gate = openGate();
    for (const id of encode("One two three four")) gate.push({ id });
    expect(textsOf(gate.release(0))).toEqual([]);
    expect(textsOf(gate.release(2))).toEqual(["One", " two"]);
    expect(textsOf(gate.release(2))).toEqual([]);
    expect(textsOf(gate.release(3))).toEqual([" three"]);
    expect(gate.released).toBe(3);
  });

  it("takes a negative allowance for none", () => {
    const gate = openGate();
    gate.push({ id: 100 });
    expect(gate.release(-3)).toEqual([]);
  });

  it("lets the rest go at the end", () => {
    const gate = openGate();
    for (const id of encode("One two three")) gate.push({ id });
    gate.release(1);
    expect(textsOf(gate.finish())).toEqual([" two", " three"]);
    expect(gate.released).toBe(3);
  });

  it("has nothing to let go when nothing was pushed", () => {
    expect(openGate().finish()).toEqual([]);
  });

  it("lets a token that shows nothing leave with an empty text", () => {
    const { eosIds } = vocabulary;
    const gate = openGate();
    for (const id of eosIds) gate.push({ id });
    expect(textsOf(gate.release(1))).toEqual([""]);
  });
});

describe("a split character", () => {
  const smile = encode("🙂");

  it("is two tokens or more in this vocabulary", () => {
    expect(smile.length).toBeGreaterThan(1);
  });

  it("leaves with all of its tokens together when the last one may leave", () => {
    const { steps, text } = stream(encode("a🙂b"));
    const filled = steps.findIndex((step) => step.includes("🙂"));
    expect(steps.slice(0, filled).flat().join("")).toBe("a");
    expect(steps[filled]).toEqual([...Array.from({ length: smile.length - 1 }, () => ""), "🙂"]);
    expect(text).toBe("a🙂b");
  });

  it("waits while its last token is not judged", () => {
    const gate = openGate();
    for (const id of smile) gate.push({ id });
    expect(gate.release(smile.length - 1)).toEqual([]);
    expect(textsOf(gate.release(smile.length)).at(-1)).toBe("🙂");
  });

  it.each([0, 1, 4])("shows as U+FFFD at the end when it is never completed, with hold %i", (hold) => {
    const ids = [...encode("one two three four five"), ...smile.slice(0, -1)];
    const { text, released } = stream(ids, { hold });
    expect(text).toBe("one two three four five\uFFFD");
    expect(released).toBe(ids.length);
  });

  it.each(["🙂🙃", "Ελληνικά ελληνικά", "日本語のテキスト", "👩‍👩‍👧 family", "naïve café", "ｆｕｌｌ"])(
    "streams %s whole at every hold",
    (text) => {
      for (const hold of [0, 1, 4]) expect(stream(encode(text), { hold }).text).toBe(text);
    },
  );
});

describe("a gate with stop strings", () => {
  it("holds back what may become a stop string and lets it go when it does not", () => {
    const { steps } = stream(encode("one two four"), { stop: ["two three"] });
    expect(steps).toEqual([["one"], [], [" two", " four"]]);
  });

  it("cuts where the stop string begins, across token borders", () => {
    const result = stream(encode("one two three four"), { stop: ["wo thr"] });
    expect(result.text).toBe("one t");
    expect(result.released).toBe(2);
  });

  it("tells as soon as the stop string is complete", () => {
    const gate = openGate("two");
    const [first = 0, second = 0] = encode("one two");
    expect(gate.push({ id: first })).toEqual({ text: "one", stopped: false });
    expect(gate.push({ id: second })).toEqual({ text: " two", stopped: true });
  });

  it("keeps the token that a stop string begins in until the end, so that all of it is judged first", () => {
    const gate = openGate("wo");
    for (const id of encode("one two")) gate.push({ id });
    expect(textsOf(gate.release(2))).toEqual(["one"]);
    expect(textsOf(gate.finish())).toEqual([" t"]);
  });

  it("counts a token of which nothing is left as not released", () => {
    const result = stream(encode("one two three"), { stop: [" two"] });
    expect(result).toMatchObject({ text: "one", released: 1 });
  });

  it("takes the stop string that is complete first when two overlap, however the text comes", () => {
    const [text, stop] = ["one two three four", ["two three four", "three"]];
    const letterByLetter = [...text].flatMap((letter) => encode(letter));
    expect(stream(encode(text), { stop }).text).toBe("one two ");
    expect(stream(letterByLetter, { stop }).text).toBe("one two ");
  });

  it("finds a stop string that begins again within its own beginning", () => {
    expect(stream(encode("1, 1, 1, 2, 3"), { stop: ["1, 1, 2"] }).text).toBe("1, ");
  });

  it("finds one within a single token", () => {
    expect(stream(encode("Hello wonderful"), { stop: ["nder"] }).text).toBe("Hello wo");
  });

  it("finds a stop string that is a split character, and lets none of its tokens leave", () => {
    const result = stream(encode("a🙂b"), { stop: ["🙂"] });
    expect(result).toMatchObject({ text: "a", released: 1 });
  });

  it("does not let the beginning of a stop string leave at the end unless it is no stop string", () => {
    expect(stream(encode("one two"), { stop: ["two three"] }).text).toBe("one two");
  });

  it.each([0, 1, 4])("gives the same text with hold %i", (hold) => {
    expect(stream(encode("6, 7, 8, 9, 10, 11"), { stop: ["9, 1", "10"], hold }).text).toBe("6, 7, 8, ");
  });
});

describe("log-probabilities", () => {
  const withLogprob = (id: number) => ({ id, logprob: -0.5, top: [{ id, logprob: -0.5 }] });

  it("leave with their token, with the token's own bytes", () => {
    const gate = openGate();
    for (const id of encode("One two")) gate.push(withLogprob(id));
    const [token] = gate.release(1);
    const own = [...Buffer.from("One")];
    expect(token).toMatchObject({
      text: "One",
      logprob: -0.5,
      bytes: own,
      top: [{ text: "One", bytes: own, logprob: -0.5 }],
    });
  });

  it("are absent when they were not asked for", () => {
    const gate = openGate();
    gate.push({ id: encode("One")[0] ?? 0 });
    expect(gate.release(1)).toEqual([{ id: encode("One")[0], text: "One" }]);
  });

  it("give each token of a split character its own bytes", () => {
    const gate = openGate();
    for (const id of encode("🙂")) gate.push(withLogprob(id));
    const tokens = gate.finish();
    expect(tokens.flatMap((token) => token.bytes ?? [])).toEqual([...Buffer.from("🙂")]);
  });

  it("do not give away what a stop string cut off", () => {
    const gate = openGate("wo");
    for (const id of encode("one two")) gate.push(withLogprob(id));
    expect(gate.finish().at(-1)).toMatchObject({ text: " t", bytes: [...Buffer.from(" t")] });
  });

  it("do not give away the beginning of a character behind the stop string either", () => {
    const made = { bytesOf: () => Uint8Array.of(...Buffer.from("a.b"), 0xf0, 0x9f) };
    const gate = createReleaseGate({ bytes: made, stop: ["."], textOf });
    gate.push(withLogprob(1));
    expect(gate.finish()).toMatchObject([{ text: "a", bytes: [...Buffer.from("a")] }]);
  });
});
