import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, formatProblem } from "../src/errors.ts";
import { editYaml, formatField, readYaml } from "../src/yaml-document.ts";

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const schema = z.strictObject({
  top: z.strictObject({ name: z.string(), list: z.array(z.strictObject({ size: z.number() })) }),
});

describe("readYaml", () => {
  it("gives the checked value", () => {
    expect(readYaml("f.yaml", "top:\n  name: x\n  list: [{ size: 1 }]\n").check(schema)).toEqual({
      top: { name: "x", list: [{ size: 1 }] },
    });
  });

  it("names the line and the field of every problem", () => {
    const text = "# note\ntop:\n  nmae: x\n  list:\n    - size: 1\n    - size: big\n    - {}\n";
    expect(problemsOf(() => readYaml("f.yaml", text).check(schema))).toEqual([
      "f.yaml:2 top.name: is missing (cure: write text here)",
      "f.yaml:6 top.list[1].size: must be a number, not text (cure: write a number)",
      "f.yaml:7 top.list[2].size: is missing (cure: write a number here)",
      'f.yaml:3 top.nmae: unknown key "nmae" (cure: did you mean "name"?)',
    ]);
  });

  it("checks a part alone and keeps its full path", () => {
    const document = readYaml("f.yaml", "a:\n  b: 1\n");
    expect(problemsOf(() => document.check(z.string(), ["a", "b"]))).toEqual([
      "f.yaml:2 a.b: must be text, not 1 (cure: put it in quotes)",
    ]);
  });

  it.each([
    ["a key written twice", "a: 1\nb: 2\na: 3\n", /^f\.yaml:3: Map keys must be unique/],
    ["broken syntax", "a: [1\nb: 2\n", /^f\.yaml:\d/],
    ["two documents", "a: 1\n---\nb: 1\n", /^f\.yaml:2/],
    ["an unknown tag", "a: !!js/function 1\n", /^f\.yaml:1/],
    ["a key that is not text", "a: 1\n? [b, c]\n: 2\n", /^f\.yaml:2/],
  ])("refuses %s", (_, text, expected) => {
    expect(problemsOf(() => readYaml("f.yaml", text))[0]).toMatch(expected);
  });

  it("refuses aliases, so that a few lines cannot unfold into gigabytes", () => {
    const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join("\n")}\n`;
    const problems = problemsOf(() => readYaml("f.yaml", bomb));
    expect(problems[0]).toBe("f.yaml:1: anchors and aliases are not allowed (cure: write the value out)");
  });

  it("treats an empty file as no value", () => {
    expect(problemsOf(() => readYaml("f.yaml", "").check(schema))).toEqual([
      "f.yaml:1: must be a map, not empty (cure: write a map)",
    ]);
  });
});

describe("formatField", () => {
  it("writes keys with dots and indices in brackets", () => {
    expect(formatField(["keys", 0, "sha256"])).toBe("keys[0].sha256");
  });
});

describe("editYaml", () => {
  const text = `# The head.
description: A detector that has a long description which nobody wants to see broken into several lines by a program.
options:
  words: # of one kind
    - { word: Afghan, as: Afghanistan }
    - "no"

# A note on thresholds.
threshold: 0.30
aggregate: { type: max, window: 1 } # stays
calibration:
  status: uncalibrated # goes
# The end.
`;

  it("sets keys where they stand and leaves everything else as it was written", () => {
    const edited = editYaml("f.yaml", text, [
      { key: "threshold", value: { flag: -1.5, abort: 0 }, flow: true },
      { key: "calibration", value: { status: "calibrated", data: "a: b; c", list: [1, 2.5], lens_sha256: null } },
    ]);
    expect(edited).toBe(
      text
        .replace("threshold: 0.30", "threshold: { flag: -1.5, abort: 0 }")
        .replace(
          "  status: uncalibrated # goes\n",
          '  status: calibrated\n  data: "a: b; c"\n  list:\n    - 1\n    - 2.5\n  lens_sha256: null\n',
        ),
    );
  });

  it("adds a key that was not there, also to a file that is JSON", () => {
    expect(editYaml("f.yaml", "a: 1\n", [{ key: "b", value: { c: 2 } }])).toBe("a: 1\nb:\n  c: 2\n");
    const json = editYaml("f.yaml", '{"a": 1, "b": 2}', [{ key: "b", value: { c: [3] } }]);
    expect(readYaml("f.yaml", json).data).toEqual({ a: 1, b: { c: [3] } });
  });

  it("refuses a file that does not parse", () => {
    expect(problemsOf(() => editYaml("f.yaml", "a: 1\na: 2\n", []))).toHaveLength(1);
  });
});
