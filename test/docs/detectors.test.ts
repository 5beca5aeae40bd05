import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseCases } from "../../src/detect/cases.ts";
import { parseDefinition } from "../../src/detect/definition.ts";
import { conceptKind } from "../../src/detect/kinds/concept.ts";
import { patternKind } from "../../src/detect/kinds/pattern.ts";
import { probeKind } from "../../src/detect/kinds/probe.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { trajectoryKind } from "../../src/detect/kinds/trajectory.ts";
import { ConfigError } from "../../src/errors.ts";
import {
  atRoot,
  codeBlocks,
  codeSpans,
  listDocuments,
  readDocument,
  sectionOf,
  tableRows,
} from "../support/documents.ts";

const FIXTURE = atRoot("test/fixtures/kinds/shouting.mjs");
const STRANGER = "qqqqqqqqqq";
const text = readDocument("docs/detectors.md");
const kinds = await loadKinds([FIXTURE]);
const documented = (heading: string) =>
  tableRows(sectionOf(text, heading)).map((cells) => codeSpans(cells[0] ?? "")[0] ?? "");

/** The keys that a reader knows where the stranger stands: its own cure for an unknown key lists them. */
function knownKeys(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problem = error.problems.find(({ message }) => message === `unknown key "${STRANGER}"`);
    return (problem?.cure ?? "").replace("use one of ", "").split(", ");
  }
  throw new Error("an unknown key was let pass");
}

const BASE = {
  description: "d",
  kind: "pattern",
  options: { patterns: [{ regex: "x" }] },
  positions: "both",
  aggregate: { type: "max" },
  threshold: 0.5,
  calibration: { status: "uncalibrated", note: "n" },
  family_default: "pets",
};
const keysOfDefinition = (change: object) =>
  knownKeys(() => parseDefinition({ id: "d", file: "d.yaml", text: JSON.stringify({ ...BASE, ...change }) }, kinds));
const keysOfCase = (change: object) =>
  knownKeys(() =>
    parseCases(
      "d.test.yaml",
      JSON.stringify({ cases: [{ name: "n", chat: "c", expect: { fires: false, margin: 0 }, ...change }] }),
    ),
  );

/** Fields of a kind's options, as `options.words[].as`. */
function optionFields(schema: z.ZodType): string[] {
  const walk = (field: z.core.JSONSchema.BaseSchema, path: string): string[] => {
    const forms = [field, ...(field.anyOf ?? [])].filter((form) => typeof form === "object");
    const own = forms.flatMap((form) => Object.entries(form.properties ?? {}));
    return own.flatMap(([name, inner]) => {
      if (typeof inner !== "object") return [];
      const items =
        typeof inner.items === "object" && !Array.isArray(inner.items) ? walk(inner.items, `${path}.${name}[]`) : [];
      return [`${path}.${name}`, ...items];
    });
  };
  return walk(z.toJSONSchema(schema, { io: "input" }), "options");
}

describe("docs/detectors.md", () => {
  it("describes exactly the fields of a definition", () => {
    expect(documented("The definition").filter((name) => !name.includes("."))).toEqual(
      keysOfDefinition({ [STRANGER]: 1 }).sort(byOrder),
    );
  });

  it("describes exactly the fields of every aggregation", () => {
    const types = [
      { type: "max" },
      { type: "ema", alpha: 1, start: 0 },
      { type: "k_of_n", k: 1, n: 1, start: 0 },
      { type: "mean", window: 1, start: 0 },
      { type: "top_k", k: 1, start: 0 },
      { type: "cusum", drift: 0 },
    ];
    const known = types.flatMap((aggregate) => keysOfDefinition({ aggregate: { ...aggregate, [STRANGER]: 1 } }));
    expect(documented("Aggregate").sort()).toEqual([...new Set(known)].map((name) => `aggregate.${name}`).sort());
  });

  it("describes exactly the fields of a calibration", () => {
    const hash = "0".repeat(64);
    const calibrated = {
      status: "calibrated",
      data: "d",
      false_alarm_rate: 0,
      model_sha256: hash,
      precision: "fast",
      format_version: 1,
      chat_template_sha256: null,
      background_sha256: null,
      lens: "logit",
    };
    const known = [calibrated, BASE.calibration].flatMap((calibration) =>
      keysOfDefinition({ calibration: { ...calibration, [STRANGER]: 1 } }),
    );
    expect(documented("Calibration").sort()).toEqual([...new Set(known)].map((name) => `calibration.${name}`).sort());
  });

  it.each([
    ["The kind `concept`", conceptKind.schema],
    ["The kind `trajectory`", trajectoryKind.schema],
    ["The kind `probe`", probeKind.schema],
    ["The kind `pattern`", patternKind.schema],
  ])("describes exactly the options of %s", (heading, schema) => {
    expect(
      documented(heading)
        .filter((name) => name.startsWith("options."))
        .sort(),
    ).toEqual(optionFields(schema).sort());
  });

  it("describes exactly the fields of a case", () => {
    const top = keysOfCase({ [STRANGER]: 1 }).filter((name) => name !== "expect");
    const turn = keysOfCase({ chat: undefined, messages: [{ role: "user", content: "c", [STRANGER]: 1 }] });
    const expectation = [true, false].flatMap((fires) => keysOfCase({ expect: { fires, margin: 0, [STRANGER]: 1 } }));
    const known = [
      ...top,
      ...turn.map((name) => `messages[].${name}`),
      ...[...new Set(expectation)].map((name) => `expect.${name}`),
    ];
    expect(documented("Cases").sort()).toEqual(known.map((name) => `cases[].${name}`).sort());
  });

  it("shows a kind of one's own that is the one tested here", async () => {
    const [shown = ""] = codeBlocks(text, "js");
    expect(shown.replace(/^\/\/ kinds\/shouting\.mjs\n/, "")).toBe(readFileSync(FIXTURE, "utf8"));
    const scorer = kinds.get("shouting")?.start({ at_least: 4 }, "generation");
    const score = (written: string) =>
      scorer?.score({
        position: 1,
        phase: "generation",
        token: 1,
        text: written,
        reading: () => {
          throw new Error("reads nothing");
        },
      })?.score;
    expect([score("ABC"), score("DEF"), score("ghijkl")]).toEqual([0, 1, 0.5]);
  });
});

describe("the capture in README.md", () => {
  it("was made with the threshold that ships", () => {
    const shipped = parse(readFileSync(atRoot("detectors/country-channel.yaml"), "utf8")) as { threshold: number };
    expect(readDocument("README.md")).toContain(`threshold ${shipped.threshold.toFixed(2)}\n`);
  });
});

describe("the definitions and cases in the documents", () => {
  const blocks = listDocuments().flatMap((path) =>
    codeBlocks(readDocument(path), "yaml").flatMap((block) => {
      const name = /^# (detectors\/\S+)\n/.exec(block)?.[1];
      return name === undefined ? [] : [[path, name, block] as const];
    }),
  );

  it.each(blocks)("parse: %s: %s", (_path, name, block) => {
    const id = name.replace(/^detectors\/|(\.test)?\.yaml$/g, "");
    if (name.endsWith(".test.yaml")) expect(parseCases(name, block).length).toBeGreaterThan(1);
    else expect(parseDefinition({ id, file: name, text: block }, kinds).definition.id).toBe(id);
    expect(blocks.length).toBeGreaterThan(4);
  });
});

// The table follows the order in which a definition is written.
function byOrder(left: string, right: string): number {
  const order = Object.keys(BASE);
  return order.indexOf(left) - order.indexOf(right);
}
