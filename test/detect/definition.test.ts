import { beforeAll, describe, expect, it } from "vitest";
import { parseDefinition } from "../../src/detect/definition.ts";
import type { Kind } from "../../src/detect/kinds/kind.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { problemsOf } from "../support/problems.ts";

const GOOD = `description: Mentions of a cat.
kind: pattern
options:
  patterns:
    - regex: cat
positions: both
aggregate: { type: max }
threshold: 1
calibration: { status: uncalibrated, note: a guess }
`;

let kinds: ReadonlyMap<string, Kind>;
beforeAll(async () => {
  kinds = await loadKinds();
});

const parse = (text: string) => parseDefinition({ id: "cat", file: "cat.yaml", text }, kinds);

describe("parseDefinition", () => {
  it("reads a definition, its id from the file's name and its options with defaults", () => {
    expect(parse(GOOD).definition).toEqual({
      id: "cat",
      file: "cat.yaml",
      description: "Mentions of a cat.",
      kind: "pattern",
      options: { patterns: [{ regex: "cat", flags: "" }] },
      positions: "both",
      aggregate: { type: "max" },
      threshold: 1,
      abortThreshold: 1,
      familyDefault: null,
      calibration: { status: "uncalibrated", note: "a guess" },
    });
  });

  it("takes one threshold for flags and one for aborts", () => {
    const { definition } = parse(GOOD.replace("threshold: 1", "threshold: { flag: 0.5, abort: 2 }"));
    expect([definition.threshold, definition.abortThreshold]).toEqual([0.5, 2]);
  });

  it("reports every problem of a file at once, with line, field and cure", async () => {
    const text = GOOD.replace("threshold: 1", "treshold: 1")
      .replace("regex: cat", "regexp: cat")
      .replace("both", "prompts");
    expect(await problemsOf(() => parse(text))).toEqual([
      'cat.yaml:6 positions: "prompts" is not one of prompt, generation, both (cure: did you mean "prompt"?)',
      "cat.yaml:1 threshold: is missing (cure: write a number or a map)",
      'cat.yaml:8 treshold: unknown key "treshold" (cure: did you mean "threshold"?)',
      "cat.yaml:5 options.patterns[0].regex: is missing (cure: write text here)",
      'cat.yaml:5 options.patterns[0].regexp: unknown key "regexp" (cure: did you mean "regex"?)',
    ]);
  });

  it.each([
    [
      "an unknown kind",
      "kind: pattern",
      "kind: patern",
      /^cat\.yaml:2 kind: there is no kind "patern" \(cure: did you mean "pattern"\?/,
    ],
    ["a threshold that is no number", "threshold: 1", "threshold: .nan", /^cat\.yaml:8 threshold: must be a number/],
    [
      "a threshold for aborts below that for flags",
      "threshold: 1",
      "threshold: { flag: 2, abort: 1 }",
      /^cat\.yaml:8 threshold\.abort: the threshold for aborts is below that for flags \(cure: write an abort/,
    ],
    [
      "half a pair of thresholds",
      "threshold: 1",
      "threshold: { flag: 2 }",
      /^cat\.yaml:8 threshold\.abort: is missing/,
    ],
    [
      "a start value that would flag at once",
      "{ type: max }\nthreshold: 1",
      "{ type: mean, window: 2, start: 1 }\nthreshold: { flag: 1, abort: 9 }",
      /^cat\.yaml:7 aggregate\.start: the start value 1 reaches the threshold 1/,
    ],
    [
      "a cumulative sum whose 0 would fire at once",
      "{ type: max }\nthreshold: 1",
      "{ type: cusum, drift: 1 }\nthreshold: 0",
      /^cat\.yaml:7 aggregate\.start: the start value 0 reaches the threshold 0/,
    ],
    [
      "a start value that would fire at once",
      "{ type: max }",
      "{ type: ema, alpha: 0.5, start: 1 }",
      /^cat\.yaml:7 aggregate\.start: the start value 1 reaches the threshold 1/,
    ],
    [
      "a calibration that says nothing",
      "{ status: uncalibrated, note: a guess }",
      "{ status: uncalibrated }",
      /^cat\.yaml:9 calibration\.note: is missing/,
    ],
    [
      "a calibrated threshold without its data",
      "{ status: uncalibrated, note: a guess }",
      "{ status: calibrated }",
      /^cat\.yaml:9 calibration\.data: is missing/,
    ],
    ["a key written twice", "threshold: 1", "threshold: 1\nthreshold: 2", /^cat\.yaml:9: Map keys must be unique/],
  ])("refuses %s", async (_, from, to, expected) => {
    expect((await problemsOf(() => parse(GOOD.replace(from, to))))[0]).toMatch(expected);
  });

  it("refuses missing options in the words of the kind", async () => {
    const text = GOOD.replace(/options:[^]*cat\n/, "");
    expect(await problemsOf(() => parse(text))).toEqual([
      "cat.yaml:1 options.patterns: is missing (cure: write a list here)",
    ]);
  });

  it("gives later problems their line", () => {
    const problem = parse(GOOD).problemAt({
      path: ["options", "patterns", 0, "regex"],
      message: "bad",
      cure: "mend it",
    });
    expect(problem).toEqual({
      file: "cat.yaml",
      line: 5,
      field: "options.patterns[0].regex",
      message: "bad",
      cure: "mend it",
    });
  });
});
