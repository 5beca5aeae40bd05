import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckModel } from "../../src/cli/check-model.ts";
import { loadConfig } from "../../src/config.ts";
import { formatProblem } from "../../src/errors.ts";
import type { ConceptRead } from "../../src/lens/reading.ts";
import { writeFolder } from "../support/folder.ts";
import { loadedDetector } from "../support/scripted-kind.ts";
import { createRandom, TINY, writeTinyModel } from "../support/tiny-model.ts";

const everyToken = Array.from({ length: TINY.vocabulary }, (_, id) => id);
const read: ConceptRead = { tap: { layer: 1, point: "attn_out" }, tokens: [97, 98, 99], yardstick: "background" };
const detectors = [
  loadedDetector("letters", { reads: [read] }),
  loadedDetector("exactly", { reads: [{ ...read, yardstick: "exact" }] }),
];

const random = createRandom("sample");
const SAMPLE = Array.from({ length: 400 }, () => String.fromCharCode(97 + Math.floor(26 * random()))).join("");

/** Opens the tiny model with a background of its own, as `lensgate check` does. */
async function openTinyCheck(tokens: readonly number[], sample?: string) {
  const background = JSON.stringify({ description: "made up", vocabulary: TINY.vocabulary, tokens, taps: {} });
  const files = { "background.json": background, ...(sample === undefined ? {} : { "sample.txt": sample }) };
  const { folder: model } = writeTinyModel({}, files);
  const file = {
    model,
    engine: { context_tokens: 512 },
    default_policy: "none",
    policies: { none: {} },
    cache_dir: "cache",
  };
  const folder = writeFolder({ "gateway.yaml": JSON.stringify(file), "detectors/.keep": "" });
  const config = loadConfig({ path: join(folder, "gateway.yaml"), environment: {} });
  return { opened: await openCheckModel(config), config, model };
}

describe("the model of lensgate check", () => {
  it("says where it comes from, how it was prepared and what it is bound to", async () => {
    const { opened } = await openTinyCheck(everyToken);
    expect(opened.lines).toEqual([
      expect.stringMatching(/^model tiny: Tiny, none, sha256 [0-9a-f]{16}…, 2 layers, 160 tokens$/),
      expect.stringMatching(
        /^prepared in \S+: fast precision, relative error \S+, \d+ blocks requantised; onnxruntime \d/,
      ),
      "lenses: logit, no centred, no tuned",
    ]);
    expect(opened.context.layers).toBe(2);
    expect(opened.binding).toMatchObject({ precision: "fast", lensSha256: { logit: null, centred: null } });
  });

  it("tells how well a good background stands for the vocabulary, of the reads that use one", async () => {
    const { opened } = await openTinyCheck(everyToken, SAMPLE);
    const { lines = [], problems } = (await opened.inspect?.(detectors)) ?? {};
    expect(problems).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^yardstick letters 1\.attn_out: the background correlates (0\.9\d\d|1\.000) with the exact value over 39\d positions$/,
      ),
    ]);
  });

  it("finds a poor background a problem of the detector that uses it", async () => {
    const { opened, config } = await openTinyCheck([3], SAMPLE);
    const { lines = [], problems = [] } = (await opened.inspect?.(detectors)) ?? {};
    const [, shown = ""] = /the background (correlates -?0\.\d{3} with the exact value)/.exec(lines[0] ?? "") ?? [];
    expect(problems.map(formatProblem)).toEqual([
      `${config.detectorsFolder}/letters.yaml options.yardstick: at 1.attn_out the background ${shown}, less than 0.9 (cure: write yardstick: exact, or choose another tap)`,
    ]);
  });

  it("finds a background that lies wholly inside a concept a problem, not a failure", async () => {
    const { opened, config } = await openTinyCheck([97, 98], SAMPLE);
    const { lines, problems = [] } = (await opened.inspect?.(detectors)) ?? {};
    expect(lines).toEqual([]);
    expect(problems.map(formatProblem)).toEqual([
      `${config.detectorsFolder}: the yardsticks cannot be checked: the concept read at 1.attn_out is all of the background; ask for the exact yardstick (cure: correct the options.yardstick or options.taps of the detector that reads there)`,
    ]);
  });

  it("finds a model without a sample to check on a problem, and one whose sample was changed or lost", async () => {
    const bare = await openTinyCheck(everyToken);
    const [missing] = (await bare.opened.inspect?.(detectors))?.problems ?? [];
    expect(missing).toMatchObject({ file: bare.model, message: "the model has no sample.txt to check yardsticks on" });
    const { opened, model } = await openTinyCheck(everyToken, SAMPLE);
    writeFileSync(join(model, "sample.txt"), "other text");
    const [changed] = (await opened.inspect?.(detectors))?.problems ?? [];
    expect(changed).toMatchObject({ file: join(model, "sample.txt"), message: expect.stringContaining("sha256") });
    rmSync(join(model, "sample.txt"));
    expect((await opened.inspect?.(detectors))?.problems).toHaveLength(1);
  });
});
