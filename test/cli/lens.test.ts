import { afterAll, describe, expect, it } from "vitest";
import { lens, type LensFlags } from "../../src/cli/lens.ts";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { fitLens } from "../../src/cli/lens-fit.ts";
import { makeLetters, writeLensConfig } from "../support/lens-config.ts";
import { LIVE_MODEL, writeLiveConfig } from "../support/live-gateway.ts";

const PROMPT = "The capital of Germany is";
const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { engine: { context_tokens: 64 } } });
afterAll(() => live.remove());

const DEFAULTS: LensFlags = {
  config: live.path,
  top: 5,
  precision: "fast",
  lens: "logit",
  lift: false,
  chat: false,
  json: true,
};

interface Printed {
  readonly tokens: readonly string[];
  readonly position: number;
  readonly taps: Readonly<
    Record<string, readonly { id: number; token: string; p: number; lift?: number; percentile?: number }[]>
  >;
}

async function printJson(flags: Partial<LensFlags>, prompt = PROMPT): Promise<Printed> {
  return JSON.parse(await lens(prompt, { ...DEFAULTS, ...flags }));
}

describe("lensgate lens --json", () => {
  it("decodes every tap of every layer: Germany in the middle, Berlin at the end", async () => {
    const printed = await printJson({});
    expect(Object.keys(printed)).toEqual(["model", "sha256", "precision", "tokens", "position", "taps"]);
    expect(printed).toMatchObject({
      model: LIVE_MODEL,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      precision: "fast",
      tokens: ["The", " capital", " of", " Germany", " is"],
      position: 4,
    });
    expect(Object.keys(printed.taps)).toEqual(everyTap(30).map(formatTap));
    expect(printed.taps["23.attn_out"]?.[0]?.token).toBe(" Germany");
    expect(printed.taps["29.resid_post"]?.[0]?.token).toBe(" Berlin");
    for (const top of Object.values(printed.taps)) {
      expect(top).toHaveLength(5);
      for (const entry of top) expect(Object.keys(entry)).toEqual(["id", "token", "p"]);
      const shares = top.map(({ p }) => p);
      expect(shares).toEqual(shares.toSorted((left, right) => right - left));
      expect(shares.reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1.0001);
    }
  });

  it("takes only the layers and taps asked for, and as many tokens", async () => {
    const { taps } = await printJson({ layers: "22-23, 29", taps: "resid_post, attn_out", top: 2 });
    expect(Object.keys(taps)).toEqual(
      ["22", "23", "29"].flatMap((layer) => [`${layer}.attn_out`, `${layer}.resid_post`]),
    );
    expect(Object.values(taps).map((top) => top.length)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("counts a negative position from the end", async () => {
    const one = { layers: "23", taps: "attn_out" };
    const negative = await printJson({ ...one, position: -2 });
    expect(negative.position).toBe(3);
    expect(negative).toEqual(await printJson({ ...one, position: 3 }));
  });

  it("parses special tokens, and puts a prompt into the chat template with --chat", async () => {
    const one = { layers: "0", taps: "attn_out", top: 1 };
    expect((await printJson(one, "<|im_start|>user")).tokens).toEqual(["<|im_start|>", "user"]);
    const { tokens, position } = await printJson({ ...one, chat: true }, "Hello");
    expect(tokens.join("")).toMatch(/<\|im_start\|>user\nHello<\|im_end\|>\n<\|im_start\|>assistant\n$/);
    expect(position).toBe(tokens.length - 1);
  });
});

describe("lensgate lens", () => {
  it("prints a line a tap under the prompt, its position marked, safe in a terminal", async () => {
    const flags = { ...DEFAULTS, json: false, layers: "23", taps: "attn_out", top: 3, position: 4 };
    const [shown, blank, row, ...rest] = (await lens(`${PROMPT}\u001b[2J`, flags)).split("\n");
    expect(shown).toMatch(/^The capital of Germany\[ is\]/);
    expect(shown).toContain("⟨U+001B⟩");
    expect([blank, rest]).toEqual(["", []]);
    expect(row).toMatch(/^23\.attn_out {3}Germany \d\d% {2}\S+ \d+% {2}\S+ \d+%$/);
  });

  it.each<[string, Partial<LensFlags>, string]>([
    ["after the last one", { position: 5 }, "--position 5 is outside the prompt, which has 5 tokens (0 to 4)"],
    ["before the first one", { position: -6 }, "--position -6 is outside the prompt, which has 5 tokens (0 to 4)"],
  ])("refuses a position %s", async (_, flags, message) => {
    await expect(printJson(flags)).rejects.toThrow(message);
  });

  it.each<[string, Partial<LensFlags>, string]>([
    ["a layer that is not there", { layers: "30" }, '--layers: "30" is not a number or a range within 0 to 29'],
    ["a tap that is not there", { taps: "attn_out,mlp" }, '--taps: "mlp" is not a tap; take from attn_out, resid_mid'],
    ["an empty list of taps", { taps: "" }, '--taps: "" is not a tap'],
  ])("refuses %s", async (_, flags, message) => {
    await expect(printJson(flags)).rejects.toThrow(message);
  });

  it("refuses a prompt without a token, and one that the context does not hold", async () => {
    await expect(printJson({}, "")).rejects.toThrow("the prompt holds no token; give some text");
    await expect(printJson({}, "word ".repeat(70))).rejects.toThrow(/the prompt has 7\d tokens, the context holds 64/);
  });
});

describe("lensgate lens through other lenses", () => {
  it("ranks by lift, with probability and percentile: what stands out at 23.attn_out is Germany in every spelling", async () => {
    const plain = await printJson({ layers: "23,29", taps: "attn_out,resid_post", top: 1 });
    const lifted = await printJson({ layers: "23,29", taps: "attn_out,resid_post", top: 3, lift: true });
    const [first] = lifted.taps["23.attn_out"] ?? [];
    expect(Object.keys(first ?? {})).toEqual(["id", "token", "p", "lift", "percentile"]);
    expect(first).toMatchObject({ token: expect.stringContaining("Germany") as string, percentile: 100 });
    const likeliest = lifted.taps["23.attn_out"]?.find(({ id }) => id === plain.taps["23.attn_out"]?.[0]?.id);
    expect(likeliest?.p).toBeCloseTo(plain.taps["23.attn_out"]?.[0]?.p ?? NaN, 3);
    for (const list of Object.values(lifted.taps)) {
      const lifts = list.map(({ lift = NaN }) => lift);
      expect(lifts).toEqual(lifts.toSorted((left, right) => right - left));
    }
    const text = await lens(PROMPT, { ...DEFAULTS, layers: "23", taps: "attn_out", lift: true, json: false });
    expect(text).toMatch(/^23\.attn_out {3}Germany \d+% \+\d+\.\d \(100\.0th\) {2}/m);
  });

  it("takes out the mean with centred, whose lift is its logit", async () => {
    const flags = { layers: "23", taps: "attn_out", lens: "centred" } as const;
    const plain = await printJson(flags);
    const lifted = await printJson({ ...flags, lift: true });
    expect(lifted.taps["23.attn_out"]?.map(({ id }) => id)).toEqual(plain.taps["23.attn_out"]?.map(({ id }) => id));
  });

  it("shows the fitted taps alone with tuned, and refuses where none is", async () => {
    const { config, at } = writeLensConfig({ "text.txt": makeLetters(700) });
    const flags = { ...DEFAULTS, config, lens: "tuned" } as const;
    await expect(lens("abc", flags)).rejects.toThrow("--lens tuned: none of these taps is fitted; fit them with");
    await fitLens({ config, text: at("text.txt"), tokens: 600, taps: "0.resid_post" });
    const printed = JSON.parse(await lens("abc", { ...flags, lift: true })) as Printed;
    expect(Object.keys(printed.taps)).toEqual(["0.resid_post"]);
  });

  it("refuses lift for a model that ships no averages", async () => {
    const { config } = writeLensConfig({}, { statistics: false });
    await expect(lens("abc", { ...DEFAULTS, config, lift: true })).rejects.toThrow(
      "--lift: the model ships no averages over ordinary text",
    );
  });
});
