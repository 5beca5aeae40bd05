import { describe, expect, it } from "vitest";
import { compareLenses, type TextRow } from "../../src/cli/lens-compare.ts";
import type { FactsTable } from "../../src/cli/lens-facts.ts";
import { fitLens } from "../../src/cli/lens-fit.ts";
import { makeLetters, writeLensConfig } from "../support/lens-config.ts";

const TEXT = makeLetters(900);
const FACTS = '{"text":"abc","answer":"q"}\n{"text":"xy","answer":"r"}\n';

interface Printed {
  readonly lensHashes: object;
  readonly text: object;
  readonly rows: readonly TextRow[];
  readonly facts: FactsTable | null;
}

describe("lensgate lens compare", () => {
  it("compares every lens at every tap with the model's own output, a fitted one on what it has not seen", async () => {
    const { config, at } = writeLensConfig({ "text.txt": TEXT, "facts.jsonl": FACTS });
    const flags = { config, text: at("text.txt"), tokens: 600, taps: "0.resid_post" };
    await fitLens(flags);
    const taps = "0.resid_post,1.resid_post";
    const options = { ...flags, taps, tokens: 256, json: true, facts: at("facts.jsonl") };
    const printed = JSON.parse(await compareLenses(options)) as Printed;
    expect(printed.text).toEqual({ skipped: 600, read: 256 });
    const shown = printed.rows.map(({ lens, tap }) => `${lens} ${tap}`);
    expect(shown).toEqual([
      "logit 0.resid_post",
      "logit 1.resid_post",
      "centred 0.resid_post",
      "centred 1.resid_post",
      "tuned 0.resid_post",
    ]);
    const row = (name: string) => printed.rows[shown.indexOf(name)];
    expect(row("logit 1.resid_post")?.kl.mean).toBeLessThan(0.02);
    expect(row("logit 1.resid_post")?.top1.mean).toBeGreaterThan(0.9);
    expect(row("tuned 0.resid_post")?.kl.mean).toBeLessThan(row("logit 0.resid_post")?.kl.mean ?? NaN);
    for (const { kl } of printed.rows) expect(kl.low <= kl.mean && kl.mean <= kl.high).toBe(true);
    expect(printed.lensHashes).toMatchObject({ centred: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(printed.facts?.asked).toBe(2);
    const text = await compareLenses({ ...options, json: false });
    expect(text).toMatch(/^tiny, fast precision; 256 tokens after 600;/);
    expect(text).toMatch(/^tuned +0\.resid_post +\d/m);
    expect(text).toMatch(/^\d of 2 facts are answered by the model itself/m);
  });

  it("refuses to measure a fitted lens on what it was fitted on", async () => {
    const { config, at } = writeLensConfig({ "text.txt": TEXT });
    const flags = { config, text: at("text.txt"), tokens: 600, taps: "0.resid_post" };
    await fitLens(flags);
    await expect(compareLenses({ ...flags, tokens: 64, skip: 100, json: true })).rejects.toThrow(
      "--skip 100: the tuned lens was fitted on the first 600 tokens of this text; skip those",
    );
  });

  it("has the logit lens alone where the model ships no averages and nothing is fitted", async () => {
    const { config, at } = writeLensConfig({ "text.txt": TEXT }, { statistics: false });
    const flags = { config, text: at("text.txt"), tokens: 32, taps: "0.attn_out", json: true };
    const printed = JSON.parse(await compareLenses(flags)) as Printed;
    expect(printed.rows.map(({ lens }) => lens)).toEqual(["logit"]);
    expect(printed.facts).toBeNull();
  });
});
