import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runTraining, type TrainRunOptions } from "../../src/cli/train-run.ts";
import { auroc } from "../../src/training/rates.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { engine: { context_tokens: 64 } } });
const folder = mkdtempSync(join(tmpdir(), "lensgate-train-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  live.remove();
});

const CITIES = ["Berlin", "Madrid", "Tokyo", "Oslo", "Cairo", "Lima", "Delhi", "Rome", "Paris", "Seoul"];
const TOOLS = ["hammer", "kettle", "ladder", "pencil", "shovel", "candle", "bucket", "mirror", "carpet", "needle"];
const FRAMES = ["I dreamt of NAME.", "It was all about NAME then.", "They sent NAME a letter."];

function writeRows(name: string, rows: readonly object[]): string {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

const data = writeRows(
  "data.jsonl",
  CITIES.flatMap((city, at) =>
    FRAMES.flatMap((frame) => [
      { text: frame.replace("NAME", city), label: 1, group: `pair ${at}` },
      { text: frame.replace("NAME", `the ${TOOLS[at] ?? ""}`), label: 0, group: `pair ${at}` },
    ]),
  ),
);
const extra = writeRows("extra.jsonl", [
  { text: "Prague is far away.", label: 1, group: "pair 3" },
  { text: "The wrench is far away.", label: 0, group: "elsewhere" },
]);

const OPTIONS: TrainRunOptions = {
  config: live.path,
  data: [data],
  extra: [extra],
  form: "raw",
  extraWeight: 0.5,
  folds: 4,
  seed: 1,
  positions: "both",
  taps: ["30%.resid_post", "60%.resid_post", "60%.mlp_out"],
};

describe("a training run", () => {
  it("goes from thirty rows of each class to a probe that tells them apart, measured on rows that it never saw", async () => {
    const { rows, probe, nested, model, config } = await runTraining(OPTIONS);
    expect(rows.labels.length).toBe(62);
    expect(Array.from(nested.scores, Number.isNaN)).toEqual(Array.from({ length: 62 }, (_, row) => row >= 60));
    const own = rows.labels.slice(0, 60);
    expect(auroc(nested.scores.slice(0, 60), own)).toBeGreaterThan(0.9);
    expect(auroc(probe.heldOut, own)).toBeGreaterThan(0.9);

    const { hidden } = model.prepared.manifest.architecture;
    expect(probe.taps.length).toBeGreaterThan(0);
    expect(probe.taps.every((tap) => ["9.resid_post", "17.resid_post", "17.mlp_out"].includes(tap))).toBe(true);
    expect(probe.directions.map((direction) => direction.length)).toEqual(probe.taps.map(() => hidden));
    expect([...probe.directions.flatMap((direction) => [...direction]), probe.bias].every(Number.isFinite)).toBe(true);
    expect(config.engine.contextTokens).toBe(64);

    // From what was kept, to the same numbers.
    const again = await runTraining(OPTIONS);
    expect(again.nested.scores).toEqual(nested.scores);
    expect(again.probe).toEqual(probe);
  }, 120_000);
});

describe("a training run that is refused", () => {
  it.each([
    [
      "ten rows",
      Array.from({ length: 10 }, (_, at) => ({ text: `t ${at}`, label: at % 2 })),
      /5 rows with label 1 and 5/,
    ],
    ["one class", Array.from({ length: 40 }, (_, at) => ({ text: `t ${at}`, label: 1 })), /all 40 rows have label 1/],
    [
      "one group a class",
      Array.from({ length: 40 }, (_, at) => ({ text: `t ${at}`, label: at % 2, group: at % 2 })),
      /the rows with label 1 are of one group \("1"\)/,
    ],
  ])("says why: %s", async (name, rows, expected) => {
    const file = writeRows(`${name}.jsonl`, rows);
    const [problem] = await problemsOf(() => runTraining({ ...OPTIONS, data: [file], extra: [] }));
    expect(problem).toMatch(expected);
    expect(problem).toContain(file);
  });

  it("says that the model has no such tap", async () => {
    await expect(runTraining({ ...OPTIONS, taps: ["77.mlp_out"] })).rejects.toThrow("the model has layers 0 to 29");
  });
});
