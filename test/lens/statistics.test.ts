import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStatistics, type StatisticsSource } from "../../src/lens/statistics.ts";
import { readModelFolder } from "../../src/model/model-folder.ts";
import { writeFolder } from "../support/folder.ts";
import { VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";

const MODEL = { modelSha256: "a".repeat(64), layers: 1, hidden: 2 };
const VALUES = Array.from({ length: 16 }, (_, index) => index / 2);
const hashOf = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

function write(changes: Record<string, unknown> = {}, values: readonly number[] = VALUES): StatisticsSource {
  const folder = writeFolder({});
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const json = JSON.stringify({
    description: "made up",
    text: "made.txt",
    text_sha256: "b".repeat(64),
    tokens: 7,
    precision: "fast",
    model_sha256: MODEL.modelSha256,
    shape: [2, 4, 2],
    sha256: hashOf(bytes),
    ...changes,
  });
  const put = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return { path: join(folder, name), sha256: hashOf(content) };
  };
  return { ...MODEL, description: put("statistics.json", json), values: put("statistics.bin", bytes) };
}

describe("lens statistics", () => {
  it("hold the mean row and the mean normed row of every tap", () => {
    const source = write();
    const { means, normedMeans, description, sha256 } = readStatistics(source);
    expect([...means.keys()]).toEqual(["0.attn_out", "0.resid_mid", "0.mlp_out", "0.resid_post"]);
    expect(means.get("0.resid_mid")).toEqual(Float32Array.of(1, 1.5));
    expect(normedMeans.get("0.attn_out")).toEqual(Float32Array.of(4, 4.5));
    expect(description.tokens).toBe(7);
    expect(sha256).toBe(source.values.sha256);
  });

  it("of the vendored model fit it", () => {
    const { lens, weights } = readModelFolder(VENDORED_FOLDER);
    const { "statistics.bin": values, "statistics.json": description } = lens;
    if (!values || !description) throw new Error("the vendored model has no statistics");
    const statistics = readStatistics({ values, description, modelSha256: weights.sha256, layers: 30, hidden: 576 });
    expect(statistics.description.tokens).toBeGreaterThan(50_000);
    for (const row of statistics.normedMeans.values()) {
      // A mean of rows with root mean square 1 has at most that.
      expect(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / 576)).toBeLessThanOrEqual(1);
    }
  });

  it("are refused when a file is missing or was changed", async () => {
    const source = write();
    const missing = { ...source, values: { ...source.values, path: "/nowhere.bin" } };
    expect((await problemsOf(() => readStatistics(missing)))[0]).toMatch(
      /nowhere\.bin: the file is missing \(cure: restore/,
    );
    writeFileSync(source.values.path, new Uint8Array(64));
    expect((await problemsOf(() => readStatistics(source)))[0]).toMatch(
      /statistics\.bin: sha256 is [0-9a-f]{64}, but model\.yaml says [0-9a-f]{64}/,
    );
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["of another model", { model_sha256: "c".repeat(64) }, /are of the model c{64}, but a{64} is loaded/],
    ["of another shape", { shape: [2, 8, 2] }, /are of 8 taps × 2, the model has 4 × 2/],
    ["that describe another file", { sha256: "d".repeat(64) }, /describes a statistics\.bin of sha256 d{64}/],
    ["with an unknown field", { seed: 7 }, /seed/],
    ["without a text", { text: "" }, /text/],
  ])("are refused %s", async (_, changes, message) => {
    const [problem = ""] = await problemsOf(() => readStatistics(write(changes)));
    expect(problem).toMatch(message);
    expect(problem).toContain("scripts/lens-statistics.ts");
  });

  it("are refused with too few numbers, and with numbers that are none", async () => {
    const short = await problemsOf(() => readStatistics(write({}, VALUES.slice(1))));
    expect(short[0]).toContain("statistics.bin holds 60 bytes");
    const broken = await problemsOf(() => readStatistics(write({}, [NaN, ...VALUES.slice(1)])));
    expect(broken[0]).toContain("statistics.bin holds numbers that are not finite");
  });
});
