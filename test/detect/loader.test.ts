import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Kind, ResolveContext } from "../../src/detect/kinds/kind.ts";
import type { ConceptResolved } from "../../src/detect/kinds/concept.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { loadDetectors, readDefinitions } from "../../src/detect/loader.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";

const END = `positions: both
aggregate: { type: max }
threshold: 1
calibration: { status: uncalibrated, note: a guess }
`;
const JAPAN = `description: Japan.
kind: concept
options: { words: [Japan, Kiribati], taps: [80%.attn_out] }
${END}`;
const PATTERN = `description: Cats.\nkind: pattern\noptions: { patterns: [{ regex: cat }] }\n${END}`;
const SHIPPED = fileURLToPath(new URL("../../detectors", import.meta.url));

let context: ResolveContext;
let kinds: Map<string, Kind>;
beforeAll(async () => {
  context = await openVocabulary();
  kinds = await loadKinds();
});

const load = (folder: string) => loadDetectors({ folder, kinds, context, binding: TEST_BINDING });
// The shipped probes are bound to the vendored model; what calibrations are bound to is held against the model in test/cli/check.
const VENDORED = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const loadShipped = () =>
  loadDetectors({ folder: SHIPPED, kinds, context: { ...context, modelSha256: VENDORED }, binding: null });
const loadOne = (text: string) => load(writeFolder({ "japan.yaml": text }))[0];
const shorten = (problems: readonly string[]) => problems.map((problem) => problem.replace(/^.*\/(?=[^/]*:\d)/, ""));

/** A kind that gives whatever a test wants. */
function kindThatResolves(resolve: Kind["resolve"]): Kind {
  return { name: "odd", schema: z.strictObject({}), resolve, start: () => ({ score: () => undefined }) };
}

describe("loadDetectors", () => {
  it("makes a detector of every file, in the order of their names, and leaves cases alone", () => {
    const folder = writeFolder({
      "japan.yaml": JAPAN,
      "cats.yaml": PATTERN,
      "cats.test.yaml": "cases: []",
      "README.md": "",
    });
    expect(load(folder).map(({ id, kind }) => [id, kind])).toEqual([
      ["cats", "pattern"],
      ["japan", "concept"],
    ]);
  });

  it("takes one default a family, and names the second one", async () => {
    const text = PATTERN.replace("kind: pattern", "family_default: pets\nkind: pattern");
    expect(loadOne(text)?.familyDefault).toBe("pets");
    expect(loadOne(PATTERN)?.familyDefault).toBeNull();
    const folder = writeFolder({ "cats.yaml": text, "dogs.yaml": text });
    expect(shorten(await problemsOf(() => load(folder)))).toEqual([
      'dogs.yaml:2 family_default: "cats" is the default of the family pets already (cure: take the field out of one of the two)',
    ]);
  });

  it("resolves words and taps on the model and passes notes on", () => {
    expect(loadOne(JAPAN)).toMatchObject({
      id: "japan",
      reads: [
        {
          tap: { layer: 23, point: "attn_out" },
          tokens: [context.tokenOf(" Japan"), context.tokenOf("Japan")],
          yardstick: "background",
        },
      ],
      threshold: 1,
      positions: "both",
      calibrated: false,
      notes: ["no single token for: Kiribati"],
    });
  });

  it("gives plain data that survives the thread boundary", () => {
    const detectors = loadShipped();
    expect(structuredClone(detectors)).toEqual(detectors);
  });

  it("hashes what a detector does: not its description, but its threshold and its words", () => {
    const hash = loadOne(JAPAN)?.hash;
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(loadOne(JAPAN.replace("Japan.", "The country."))?.hash).toBe(hash);
    expect(loadOne(JAPAN.replace("a guess", "another guess"))?.hash).toBe(hash);
    expect(loadOne(JAPAN.replace("threshold: 1", "threshold: 2"))?.hash).not.toBe(hash);
    expect(loadOne(JAPAN.replace("Kiribati", "Peru"))?.hash).not.toBe(hash);
    expect(loadOne(JAPAN.replace("80%", "90%"))?.hash).not.toBe(hash);
  });

  it("loads the shipped detectors, one calibrated default a family, with most names readable", () => {
    const detectors = loadShipped();
    expect(detectors.map(({ id, calibrated, familyDefault }) => [id, calibrated, familyDefault])).toEqual([
      ["audit-approval", false, null],
      ["audit-watched", true, "audit"],
      ["country-channel", false, null],
      ["country-implied", true, "country"],
      ["deception-lie", true, "deception"],
      ["harm-intent", true, "harm"],
    ]);
    const channel = detectors.find(({ id }) => id === "country-channel");
    const names = new Set((channel?.resolved as ConceptResolved | undefined)?.names);
    expect(names.size).toBeGreaterThan(120);
    for (const name of ["Japan", "Germany", "France", "United States", "New Zealand"]) expect(names).toContain(name);
  });

  it("collects the problems of all files, those of form and those of the model", async () => {
    const folder = writeFolder({
      "a.yaml": JAPAN.replace("80%.attn_out", "30.attn_out"),
      "b.yaml": PATTERN.replace("threshold", "treshold"),
      "c.yaml": JAPAN.replace("[Japan, Kiribati]", "[Kiribati]"),
      "d.yaml": PATTERN.replace("regex: cat", "regex: c(at"),
    });
    expect(shorten(await problemsOf(() => load(folder)))).toEqual([
      "b.yaml:1 threshold: is missing (cure: write a number or a map)",
      'b.yaml:6 treshold: unknown key "treshold" (cure: did you mean "threshold"?)',
      expect.stringMatching(
        /^a\.yaml:3 options\.taps\[0\]: "30\.attn_out" names layer 30.*cure: write a layer from 0 to 29/,
      ),
      expect.stringMatching(
        /^c\.yaml:3 options\.words: the concept resolves to no token at all \(cure: write match: first_piece/,
      ),
      expect.stringMatching(/^d\.yaml:3 options\.patterns\[0\]\.regex: Invalid regular expression/),
    ]);
  });

  it("refuses a threshold that was calibrated for something else, naming each difference", async () => {
    const calibration = {
      status: "calibrated",
      data: "x",
      false_alarm_rate: 0.01,
      model_sha256: "d".repeat(64),
      precision: "exact",
      format_version: 1,
      chat_template_sha256: "b".repeat(64),
      background_sha256: "c".repeat(64),
      lens: "logit",
    };
    const write = (changes: object) =>
      JAPAN.replace(/calibration:.*/, `calibration: ${JSON.stringify({ ...calibration, ...changes })}`);
    const problems = await problemsOf(() => loadOne(write({})));
    expect(shorten(problems)).toEqual([
      expect.stringMatching(/^japan\.yaml:7 calibration\.model_sha256: calibrated for d{64}, but a{64} is loaded/),
      expect.stringMatching(/^japan\.yaml:7 calibration\.precision: calibrated for exact, but fast is loaded/),
    ]);
    expect(loadOne(write({ model_sha256: "a".repeat(64), precision: "fast" }))?.calibrated).toBe(true);
  });

  it.each<[string, Kind["resolve"], RegExp]>([
    [
      "throws",
      () => {
        throw new Error("no luck");
      },
      /odd\.yaml:3 options: no luck/,
    ],
    [
      "reads outside the model",
      () => ({
        reads: [{ tap: { layer: 30, point: "attn_out" }, tokens: [1], yardstick: "exact" }],
        resolved: 0,
        notes: [],
      }),
      /read 0 is at layer 30/,
    ],
    [
      "reads no token",
      () => ({
        reads: [{ tap: { layer: 0, point: "attn_out" }, tokens: [], yardstick: "exact" }],
        resolved: 0,
        notes: [],
      }),
      /read 0 has no token/,
    ],
    [
      "reads a token twice",
      () => ({
        reads: [{ tap: { layer: 0, point: "attn_out" }, tokens: [7, 7], yardstick: "exact" }],
        resolved: 0,
        notes: [],
      }),
      /read 0 has a token twice/,
    ],
    [
      "gives what cannot cross the thread boundary",
      () => ({ reads: [], resolved: () => 1, notes: [] }),
      /function is not plain data/,
    ],
    ["gives what cannot be hashed", () => ({ reads: [], resolved: new Map(), notes: [] }), /Map is not plain data/],
  ])("explains a kind that %s", async (_, resolve, expected) => {
    const folder = writeFolder({ "odd.yaml": `description: Odd.\nkind: odd\noptions: {}\n${END}` });
    const own = new Map([["odd", kindThatResolves(resolve)]]);
    const problems = await problemsOf(() => loadDetectors({ folder, kinds: own, context, binding: TEST_BINDING }));
    expect(problems).toEqual([expect.stringMatching(expected)]);
  });
});

describe("readDefinitions", () => {
  it("needs no model and keeps good definitions beside bad ones", () => {
    const folder = writeFolder({ "a.yaml": JAPAN, "b.yaml": "{" });
    const { definitions, problems } = readDefinitions({ folder, kinds });
    expect(definitions.map(({ definition }) => definition.id)).toEqual(["a"]);
    expect(problems.length).toBeGreaterThan(0);
    expect(readDefinitions({ folder, kinds, only: "a" }).problems).toEqual([]);
    expect(readDefinitions({ folder, kinds, only: "b" }).definitions).toEqual([]);
  });
});
