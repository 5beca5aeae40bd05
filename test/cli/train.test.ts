import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { train, type TrainFlags } from "../../src/cli/train.ts";
import { decodeProbe } from "../../src/detect/probe-file.ts";
import { writeFolder } from "../support/folder.ts";

const root = join(import.meta.dirname, "../..");

function makePlace(): { folder: string; config: string } {
  const folder = writeFolder({});
  mkdirSync(join(folder, "detectors"));
  const text = readFileSync(join(root, "gateway.yaml"), "utf8");
  const before = text.slice(0, text.indexOf("default_policy:"));
  const after = text.slice(text.indexOf("keys:"));
  const policies = "default_policy: default\npolicies:\n  default:\n    mode: enforce\n    detectors: {}\n\n";
  const model = `model: ${join(root, "models/smollm2-135m-instruct")}`;
  writeFileSync(join(folder, "gateway.yaml"), `${before}${policies}${after}`.replace(/^model: .*$/m, model));
  return { folder, config: join(folder, "gateway.yaml") };
}

function writeRows(file: string): string {
  const foods = [
    "sushi",
    "haggis",
    "poutine",
    "paella",
    "pierogi",
    "kimchi",
    "baklava",
    "goulash",
    "fondue",
    "borscht",
  ];
  const plain = ["porridge", "toast", "soup", "salad", "stew", "jam", "cake", "rice", "eggs", "juice"];
  const rows = [0, 1, 2].flatMap((form) =>
    foods.flatMap((food, index) => {
      const say = (word: string) => ["We cooked some ", "My aunt often makes ", "For lunch there was "][form] + word;
      return [
        { label: 1, text: `${say(food)} at home.`, group: `${index}` },
        { label: 0, text: `${say(plain[index] ?? "")} at home.`, group: `${index}` },
      ];
    }),
  );
  writeFileSync(file, rows.map((row, index) => JSON.stringify({ id: `r${index}`, ...row })).join("\n"));
  return file;
}

function flagsOf(place: { folder: string; config: string }, more: Partial<TrainFlags> = {}): TrainFlags {
  const data = [writeRows(join(place.folder, "rows.jsonl"))];
  const rest = {
    extra: [],
    extraWeight: 0.3,
    form: "raw",
    positions: "both",
    folds: 3,
    seed: 1,
    force: false,
  } as const;
  return { ...rest, config: place.config, data, taps: "8.mlp_out,17.mlp_out,23.attn_out", ...more };
}

describe("lensgate detectors train", () => {
  it("writes a definition with its probe and a report, and says how far to trust it", async () => {
    const place = makePlace();
    const report = join(place.folder, "report");
    const lines = await train("food-abroad", flagsOf(place, { report }));
    expect(lines[0]).toContain("30 rows with the concept, 30 without, in 10 groups");
    expect(lines.join("\n")).toContain("10 groups are few");
    const probe = decodeProbe(readFileSync(join(place.folder, "detectors/food-abroad.safetensors")));
    expect(probe.hidden).toBe(576);
    expect(probe.about["data_sha256"]).toMatch(/^[0-9a-f]{64}$/);
    const scores = readFileSync(join(report, "scores.jsonl"), "utf8").trim().split("\n");
    expect(scores).toHaveLength(60);
    expect(readFileSync(join(report, "report.html"), "utf8")).toContain("food-abroad");
  });

  it("gives the same bytes for the same rows and seed", async () => {
    const place = makePlace();
    await train("one", flagsOf(place));
    await train("two", flagsOf(place));
    const bytesOf = (id: string) => readFileSync(join(place.folder, `detectors/${id}.safetensors`));
    expect(bytesOf("one").equals(bytesOf("two"))).toBe(true);
  });

  it("does not replace a detector unless told to", async () => {
    const place = makePlace();
    cpSync(join(root, "detectors/country-channel.yaml"), join(place.folder, "detectors/country-channel.yaml"));
    await expect(train("country-channel", flagsOf(place))).rejects.toThrow("there is a detector of this name");
    await expect(train("Country Channel", flagsOf(place))).rejects.toThrow("is not a name for a detector");
  });
});
