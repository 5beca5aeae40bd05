import { describe, expect, test } from "vitest";
import type { DetectorEvaluation } from "../../src/evaluation/evaluation.ts";
import { renderReport } from "../../src/evaluation/report.ts";
import { vocabularyOf } from "./page-vocabulary.ts";
import {
  evaluationOf,
  HOSTILE_TEXTS,
  interval,
  sampleEvaluation,
  sampleForm,
  sampleMistake,
  sampleOnset,
  sampleTier,
} from "./sample-evaluation.ts";

const ABOUT = { title: "Detectors", createdAt: "2026-03-02" };
const render = (evaluations: readonly DetectorEvaluation[]) => renderReport(evaluations, ABOUT);

describe("a report", () => {
  const html = render([sampleEvaluation(), sampleEvaluation({ detector: "audit-probe" })]);

  test("has a part for every detector, form and subject, under headings in order", () => {
    const headings = [...html.matchAll(/<h([1-4])>(.*?)<\/h\1>/g)].map(
      ([, level, text = ""]) =>
        `${level} ${text
          .replaceAll(/<[^>]*>/g, "")
          .split(" ")
          .slice(0, 3)
          .join(" ")}`,
    );
    const parts = ["3 Raw text 240", "3 In a chat", "3 Past an onset", "3 Ordinary text"];
    expect(headings.filter((heading) => !heading.startsWith("4"))).toEqual([
      "1 Detectors",
      "2 Summary",
      "2 country-probe",
      ...parts,
      "2 audit-probe",
      ...parts,
    ]);
    for (const [, target = ""] of html.matchAll(/href="#([^"]*)"/g)) expect(html).toContain(`id="${target}"`);
  });

  test("has a picture with a text for those who do not see it, and a sentence, in every figure", () => {
    const figures = [...html.matchAll(/<figure>.*?<\/figure>/gs)].map(([figure]) => figure);
    expect(figures).toHaveLength(1 + 2 * (2 * 3 + 3));
    for (const figure of figures) {
      expect(figure).toMatch(/<svg role="img" aria-label="[^"]{20,}"/);
      expect(figure).toMatch(/<figcaption>[A-Z][^<]{40,}\.<\/figcaption>/);
    }
    for (const [box] of html.matchAll(/<table>.*?<\/thead>/gs)) expect(box).toMatch(/<caption>.+<\/caption>/);
  });

  test("says the numbers, the examples, the hold with its reason, the files and the notes", () => {
    for (const part of [
      "flag 4.25, abort 5.5",
      "Recommended hold: <b>4 tokens</b>",
      "More than four tokens gain little.",
      '<mark class="sure"><bdi>Paris</bdi></mark>',
      "<b>0.250</b> false alarms per 1,000 tokens (0.150 to 0.350): 12 in 48,000 tokens",
      "cd34".repeat(16),
      "Half of the capitals are not known to this model.",
    ])
      expect(html).toContain(part);
  });

  test("has no script, no handler, and nothing that is fetched", () => {
    expect(html).toContain("default-src &#39;none&#39;");
    expect(vocabularyOf(html).filter((name) => /^@on|^script$|^iframe$|^object$|^@src$|^img$/.test(name))).toEqual([]);
    expect(html).not.toMatch(/https?:|url\(|@import/);
  });

  test("is the same bytes for the same input", () => {
    const again = render([sampleEvaluation(), sampleEvaluation({ detector: "audit-probe" })]);
    expect(again).toBe(html);
  });
});

describe("a text by someone else", () => {
  const ends = /<\/(style|body|html|main|svg|figure|table)>/g;
  const harmless = render([evaluationOf("plain\u0007"), evaluationOf("plain\u0007")]);
  const known = vocabularyOf(harmless);

  test.each(HOSTILE_TEXTS)("adds no element and no attribute, wherever it stands: %j", (text) => {
    const html = renderReport([evaluationOf(text), evaluationOf(text)], { title: text, createdAt: text });
    expect(vocabularyOf(html).filter((name) => !known.includes(name))).toEqual([]);
    expect(html.match(ends)).toEqual(harmless.match(ends));
    for (const raw of ["\u202e", "\u2066", "\u200b", "\u0000", "\u001b", "\ud800"]) expect(html).not.toContain(raw);
  });

  test("stays readable", () => {
    expect(render([evaluationOf("<b>&\u202e")])).toContain('&lt;b&gt;&amp;<span class="mark">⟨U+202E⟩</span>');
  });
});

describe("input with little in it", () => {
  test("no detector, no form, no onset, no data", () => {
    expect(render([])).toContain("No detector was evaluated.");
    const html = render([sampleEvaluation({ forms: [], onset: null, ordinary: null, data: [], notes: [] })]);
    expect(html).toContain("country-probe");
    expect(html).not.toContain("<figure>");
    expect(html).not.toContain("Past an onset");
  });

  test("what does not exist is not defined, and never NaN, null or Infinity", () => {
    const nothing = { value: NaN, low: NaN, high: NaN };
    const tier = sampleTier("none", {
      rows: 0,
      auroc: nothing,
      recallAt1: nothing,
      recallAt01: null,
      flagged: nothing,
      aborted: nothing,
    });
    const form = sampleForm({
      positives: 0,
      negatives: 0,
      overall: tier,
      tiers: [tier],
      falseAlarms: [],
      baselines: [{ name: "words", auroc: nothing, recallAt1: nothing }],
      roc: [],
      histogram: { edges: [], positives: [], negatives: [] },
      mistakes: [sampleMistake({ score: NaN, text: "", at: "" })],
    });
    const onset = sampleOnset({
      points: [{ hold: 0, caught: nothing, noneLeaked: nothing, leakedMedian: null, leakedP90: null }],
      delays: [],
      recommendedHold: 0,
    });
    const html = render([
      sampleEvaluation({
        thresholds: { flag: NaN, abort: Infinity },
        forms: [form],
        onset,
        ordinary: { text: "", tokens: 0, alarms: 0, per1000: nothing },
      }),
    ]);
    expect(html.match(/not defined/g)?.length).toBeGreaterThan(10);
    expect(html).toContain("none caught");
    expect(html.replaceAll(/<style>.*?<\/style>/gs, "")).not.toMatch(/NaN|Infinity|\bnull\b|undefined/);
  });
});

test("four detectors with thirty long mistakes in each form stay below a megabyte", () => {
  const mistakes = Array.from({ length: 30 }, (_, index) =>
    sampleMistake({ id: `row-${index}`, label: index < 15 ? 0 : 1, text: `${"A long reply <goes> on. ".repeat(100)}` }),
  );
  const tiers = Array.from({ length: 12 }, (_, index) =>
    sampleTier(`tier-${index}`, { recallAt1: interval(index / 12) }),
  );
  const roc = Array.from({ length: 6_000 }, (_, index) => [index / 6_000, (index / 6_000) ** 0.3] as const);
  const forms = (["raw", "chat"] as const).map((form) => sampleForm({ form, mistakes, tiers, roc }));
  const html = render([1, 2, 3, 4].map((index) => sampleEvaluation({ detector: `detector-${index}`, forms })));
  expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  expect(html.match(/<blockquote>/g)).toHaveLength(4 * 2 * 30);
});
