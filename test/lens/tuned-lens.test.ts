import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  readTuned,
  readTunedMaps,
  tunedFolder,
  writeTuned,
  type TunedLens,
  type TunedModel,
} from "../../src/lens/tuned-lens.ts";
import type { AffineMap } from "../../src/model/graph.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const MODEL: TunedModel = { modelSha256: "a".repeat(64), precision: "fast", formatVersion: 1, hidden: 2 };
const TEXT = { textSha256: "b".repeat(64), tokens: 500 };
const map = (first: number): AffineMap => ({
  matrix: Float32Array.of(first, 2, 3, 4),
  bias: Float32Array.of(first, 6),
});

function write(maps: Record<string, AffineMap>): { folder: string; tuned: TunedLens } {
  const folder = tunedFolder(writeFolder({}), MODEL);
  writeTuned(folder, MODEL, { text: TEXT, maps: new Map(Object.entries(maps)) });
  const tuned = readTuned(folder, MODEL);
  if (!tuned) throw new Error("nothing was written");
  return { folder, tuned };
}

describe("a fitted lens in the cache", () => {
  it("comes back as it was written, of the taps that are asked for", () => {
    const { folder, tuned } = write({ "0.mlp_out": map(1), "3.resid_post": map(10) });
    expect(folder).toMatch(/\/lenses\/a{16}-fast$/);
    expect(tuned).toMatchObject({ taps: ["0.mlp_out", "3.resid_post"], text: TEXT, hidden: 2 });
    expect(readTunedMaps(tuned, ["3.resid_post", "5.mlp_out"])).toEqual(new Map([["3.resid_post", map(10)]]));
  });

  it("is not there before one was fitted", () => {
    expect(readTuned(join(writeFolder({}), "lenses"), MODEL)).toBeNull();
  });

  it("is replaced as a whole, and leaves no earlier numbers behind", () => {
    const { folder, tuned } = write({ "0.mlp_out": map(1) });
    writeTuned(folder, MODEL, { text: TEXT, maps: new Map([["0.mlp_out", map(2)]]) });
    const after = readTuned(folder, MODEL);
    expect(after?.sha256).not.toBe(tuned.sha256);
    expect(after && readTunedMaps(after, ["0.mlp_out"]).get("0.mlp_out")).toEqual(map(2));
    expect(readdirSync(folder).sort()).toEqual(["tuned.json", `tuned-${after?.sha256.slice(0, 16)}.bin`].sort());
  });

  it.each<[string, Partial<TunedModel>, RegExp]>([
    ["model", { modelSha256: "c".repeat(64) }, /fitted for the model a{64}, but c{64} is loaded/],
    ["precision", { precision: "exact" }, /fitted for the precision fast, but exact is loaded/],
    ["format version", { formatVersion: 2 }, /fitted for the format version 1, but 2 is loaded/],
    ["hidden size", { hidden: 3 }, /fitted for the hidden size 2, but 3 is loaded/],
  ])("is refused for another %s", async (_, changes, message) => {
    const { folder } = write({ "0.mlp_out": map(1) });
    const [problem = ""] = await problemsOf(() => readTuned(folder, { ...MODEL, ...changes }));
    expect(problem).toMatch(message);
    expect(problem).toContain(`cure: remove ${folder} and fit again with lensgate lens fit`);
  });

  it("is refused when its description or its numbers were changed", async () => {
    const { folder, tuned } = write({ "0.mlp_out": map(1) });
    writeFileSync(tuned.file, new Uint8Array(24));
    expect((await problemsOf(() => readTunedMaps(tuned, [])))[0]).toMatch(
      /sha256 is [0-9a-f]{64}, but tuned\.json says/,
    );
    const gone = { ...tuned, file: join(folder, "gone.bin") };
    expect((await problemsOf(() => readTunedMaps(gone, [])))[0]).toMatch(/gone\.bin: the file is missing/);
    const path = join(folder, "tuned.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
    expect((await problemsOf(() => readTuned(folder, MODEL)))[0]).toMatch(/version/);
    writeFileSync(path, "{");
    expect((await problemsOf(() => readTuned(folder, MODEL)))[0]).toMatch(/tuned\.json/);
  });

  it("is refused when the description names more taps than the file holds", async () => {
    const { tuned } = write({ "0.mlp_out": map(1) });
    const [problem] = await problemsOf(() => readTunedMaps({ ...tuned, taps: ["0.mlp_out", "0.attn_out"] }, []));
    expect(problem).toContain("it holds 24 bytes");
  });
});
