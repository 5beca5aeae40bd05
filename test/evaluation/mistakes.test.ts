import { expect, test } from "vitest";
import { exampleText, mistakeList } from "../../src/evaluation/mistakes.ts";
import { sampleMistake } from "./sample-evaluation.ts";

const thresholds = { flag: 4, abort: 6 };
const plain = (text: string) => text.replaceAll(/<[^>]*>/g, "");

test("the token of the highest score is marked where it stands, without its leading space", () => {
  expect(String(exampleText("A walk through Paris at night", " Paris"))).toBe(
    '<bdi>A walk through</bdi> <mark class="sure"><bdi>Paris</bdi></mark><bdi> at night</bdi>',
  );
});

test("a token in several places is underlined in each, one that stands everywhere in none", () => {
  expect(String(exampleText("no, no", "no")).match(/<mark class="maybe">/g)).toHaveLength(2);
  expect(String(exampleText("a ".repeat(50), "a"))).not.toContain("<mark");
  expect(String(exampleText("a text", "missing"))).toBe("<bdi>a text</bdi>");
  expect(String(exampleText("a text", ""))).toBe("<bdi>a text</bdi>");
});

test("a long text is cut around its token, says how much is left out, and breaks no character", () => {
  const text = `${"😀".repeat(5_000)}here${"😀".repeat(5_000)}`;
  const shown = plain(String(exampleText(text, "here")));
  expect(shown.length).toBeLessThan(900);
  expect(shown).toContain("😀here😀");
  expect(shown).toMatch(/9,6\d\d characters left out/);
  expect(shown).not.toContain("U+D8");
});

test("false alarms come highest first, misses lowest first, each with its level; three are open, the rest a click away", () => {
  const mistakes = [1, 5, 7, 3, 9].flatMap((score) =>
    ([0, 1] as const).map((label) => sampleMistake({ id: `${label}-${score}`, label, score })),
  );
  const alarms = String(mistakeList({ label: 0, mistakes, thresholds }));
  expect([...alarms.matchAll(/<b>(\d)<\/b><span>([a-z ]+)</g)].map(([, score, level]) => [score, level])).toEqual([
    ["9", "aborted"],
    ["7", "aborted"],
    ["5", "flagged"],
    ["3", "not flagged"],
    ["1", "not flagged"],
  ]);
  expect(alarms).toContain("<summary>2 more</summary>");
  const misses = String(mistakeList({ label: 1, mistakes, thresholds }));
  expect(misses.indexOf("1-1")).toBeLessThan(misses.indexOf("1-9"));
  expect(misses).not.toContain("0-");
});

test("no mistakes are said so", () => {
  expect(String(mistakeList({ label: 0, mistakes: [], thresholds }))).toContain("None.");
});
