import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { registerCheck, type CheckOptions } from "../../src/cli/check.ts";
import { ConfigError } from "../../src/errors.ts";
import { writeFolder } from "../support/folder.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";

const SHIPPED = fileURLToPath(new URL("../../gateway.yaml", import.meta.url));

const openModel: CheckOptions["openModel"] = async (config) => ({
  context: await openVocabulary(),
  binding: TEST_BINDING,
  lines: [`model ${config.model.name}: 30 layers`],
});

// What the shipped detectors are calibrated for: the vendored model and its chat template.
const VENDORED = {
  modelSha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  chatTemplateSha256: "872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788",
};
const openVendored: CheckOptions["openModel"] = async (config) => ({
  ...(await openModel(config)),
  context: { ...(await openVocabulary()), modelSha256: VENDORED.modelSha256 },
  binding: { ...TEST_BINDING, ...VENDORED },
});

async function runCheck(args: readonly string[], options: Partial<CheckOptions> = {}) {
  const lines: string[] = [];
  let exitCode: number | undefined;
  const program = new Command();
  registerCheck(program, {
    openModel,
    print: (line) => lines.push(line),
    setExitCode: (code) => (exitCode = code),
    environment: {},
    ...options,
  });
  await program.parseAsync(["check", ...args], { from: "user" });
  return { lines, exitCode };
}

const GATEWAY = `model: m
default_policy: default
policies: { default: { detectors: { japan: { action: flag } } } }
`;
const JAPAN = `description: Japan.
kind: concept
options: { words: [Japan, Kiribati], taps: [23.attn_out] }
positions: both
aggregate: { type: max }
threshold: 1
calibration: { status: uncalibrated, note: a guess }
`;

describe("lensgate check", () => {
  it("sums up the shipped configuration: policies, tokens, unmatched words, calibration", async () => {
    const { lines, exitCode } = await runCheck(["--config", SHIPPED], { openModel: openVendored });
    expect(exitCode).toBe(0);
    expect(lines[0]).toBe(`${SHIPPED}: no problems`);
    expect(lines).toContain("model smollm2-135m-instruct: 30 layers");
    expect(lines).toContain(
      "policy demo: enforce, hold 1; country-channel abort (generation), on error closed; audit-approval observe, on error closed",
    );
    const country = lines.findIndex((line) =>
      /^detector country-channel: concept, \d{3} tokens, threshold \S+, uncalibrated, [0-9a-f]{16}$/.test(line),
    );
    expect(lines[country + 1]).toMatch(/^ {2}no single token for: .*Kiribati/);
  });

  it("prints every problem with its place and cure, and exits 1", async () => {
    const folder = writeFolder({
      "gateway.yaml": GATEWAY,
      "detectors/japan.yaml": JAPAN.replace("Japan, Kiribati", "Kiribati"),
    });
    const { lines, exitCode } = await runCheck(["--config", join(folder, "gateway.yaml")]);
    expect(exitCode).toBe(1);
    expect(lines).toEqual([
      `${folder}/detectors/japan.yaml:3 options.words: the concept resolves to no token at all (cure: write match: first_piece, or add words that are single tokens)`,
      "1 problem",
    ]);
  });

  it("sums up confirmations and combinations, and refuses one that its members cannot carry", async () => {
    const policy = (rule: string) => `
      detectors: { japan: { action: flag, confirm_with: peru, warm_at: 0 }, chile: { action: observe } }
      combine: { pair: { of: [japan, chile], ${rule}, action: abort, positions: generation } }`;
    const folder = (rule: string) =>
      writeFolder({
        "gateway.yaml": GATEWAY.replace(
          "{ default: { detectors: { japan: { action: flag } } } }",
          `\n  default:${policy(rule)}`,
        ),
        "detectors/japan.yaml": JAPAN,
        "detectors/peru.yaml": JAPAN,
        "detectors/chile.yaml": JAPAN.replace("threshold: 1", "threshold: { flag: 1, abort: 2.5 }"),
      });
    const good = await runCheck(["--config", join(folder("rule: all"), "gateway.yaml")]);
    expect(good.lines).toContain(
      "policy default (default): enforce, hold 1; japan flag, confirmed by peru from 0, on error closed; chile observe, on error closed; pair abort (generation), all of japan, chile from 2",
    );
    expect(good.lines.find((line) => line.startsWith("detector chile"))).toContain("flag 1, abort 2.5");
    const bad = await runCheck(["--config", join(folder("rule: likelihood_ratio, threshold: 3"), "gateway.yaml")]);
    expect(bad.exitCode).toBe(1);
    expect(bad.lines).toEqual([
      expect.stringMatching(
        /gateway\.yaml policies\.default\.combine\.pair\.of\[0\]: the detector "japan" has no calibration\.likelihood in japan\.yaml/,
      ),
      expect.stringContaining('the detector "chile" has no calibration.likelihood'),
      "2 problems",
    ]);
  });

  it("stops at a configuration that does not load, with all of its problems", async () => {
    const folder = writeFolder({ "gateway.yaml": GATEWAY.replace("flag", "stop"), "detectors/japan.yaml": JAPAN });
    const { lines, exitCode } = await runCheck(["--config", join(folder, "gateway.yaml")]);
    expect(exitCode).toBe(1);
    expect(lines[0]).toMatch(
      /gateway\.yaml:3 policies\.default\.detectors\.japan\.action: "stop" is not one of observe, flag, abort/,
    );
  });

  it.each<[string, Error, RegExp]>([
    [
      "with its own place and cure",
      new ConfigError([{ file: "m/model.yaml", message: "wrong hash", cure: "fetch it again" }]),
      /^m\/model\.yaml: wrong hash \(cure: fetch it again\)$/,
    ],
    [
      "as a fault of the configuration",
      new Error("cannot open m"),
      /gateway\.yaml model: cannot open m \(cure: name a folder/,
    ],
  ])("tells a model that does not open %s, and still reads the detectors", async (_, error, expected) => {
    const folder = writeFolder({
      "gateway.yaml": GATEWAY,
      "detectors/japan.yaml": JAPAN.replace("threshold: 1", "threshold: high"),
    });
    const { lines, exitCode } = await runCheck(["--config", join(folder, "gateway.yaml")], {
      openModel: () => Promise.reject(error),
    });
    expect(exitCode).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(expected),
      expect.stringContaining("japan.yaml:6 threshold: must be a number"),
      "2 problems",
    ]);
  });

  it("loads a user's own kind from the configuration", async () => {
    const kind = fileURLToPath(new URL("../fixtures/kinds/text-length.mjs", import.meta.url));
    const own = "description: Length.\nkind: text-length\noptions: {}\n" + JAPAN.slice(JAPAN.indexOf("positions"));
    const folder = writeFolder({ "gateway.yaml": `${GATEWAY}kinds: [${kind}]\n`, "detectors/japan.yaml": own });
    const { lines, exitCode } = await runCheck(["--config", join(folder, "gateway.yaml")]);
    expect(exitCode).toBe(0);
    expect(lines.at(-1)).toBe("  counts characters");
  });

  it("prints one JSON object with --json", async () => {
    const folder = writeFolder({ "gateway.yaml": GATEWAY, "detectors/japan.yaml": JAPAN });
    const { lines, exitCode } = await runCheck(["--json", "--config", join(folder, "gateway.yaml")]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      ok: true,
      problems: [],
      defaultPolicy: "default",
      policies: { default: { mode: "enforce" } },
      detectors: [
        { id: "japan", tokens: 2, taps: ["23.attn_out"], calibrated: false, notes: ["no single token for: Kiribati"] },
      ],
    });
  });

  it("tells problems in JSON too", async () => {
    const { lines, exitCode } = await runCheck(["--json", "--config", "/nowhere/gateway.yaml"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({ ok: false, problems: [{ file: "/nowhere/gateway.yaml" }] });
  });
});
