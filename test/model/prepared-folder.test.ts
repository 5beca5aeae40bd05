import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPrepared } from "../../src/model/prepare.ts";
import {
  buildingPath,
  hashFile,
  readPrepared,
  removeLeftovers,
  writeManifest,
} from "../../src/model/prepared-folder.ts";
import { writeFolder } from "../support/folder.ts";
import { openTiny, writeTinyModel } from "../support/tiny-model.ts";

// A change to a prepared folder that must not go unseen.
const damages: [string, (folder: string) => void][] = [
  ["a changed weight", (folder) => editBytes(join(folder, "weights.bin"), 12_345)],
  ["weights cut short", (folder) => truncateSync(join(folder, "weights.bin"), 1000)],
  ["missing weights", (folder) => rmSync(join(folder, "weights.bin"))],
  ["a missing manifest", (folder) => rmSync(join(folder, "prepared.json"))],
  ["a manifest cut short", (folder) => truncateSync(join(folder, "prepared.json"), 500)],
  ["an empty manifest", (folder) => writeFileSync(join(folder, "prepared.json"), "null")],
  [
    "a changed number in the manifest",
    (folder) => editText(join(folder, "prepared.json"), '"ropeTheta":10000', '"ropeTheta":10001'),
  ],
  ["a changed token in the manifest", (folder) => editText(join(folder, "prepared.json"), '"Ġa"', '"Ġx"')],
  [
    "another format version",
    (folder) => editText(join(folder, "prepared.json"), '"formatVersion":1', '"formatVersion":0'),
  ],
];

function editBytes(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

function editText(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("a prepared folder", () => {
  it("is read back as it was written", async () => {
    const prepared = await openTiny("exact");
    expect(await readPrepared(prepared.folder)).toEqual(prepared);
    expect(prepared.manifest.weightsSha256).toBe(await hashFile(join(prepared.folder, "weights.bin")));
  });

  it.each(damages)("with %s is not accepted, and prepared anew to the same bytes", async (_, damage) => {
    const options = { model: writeTinyModel(), cache: writeFolder({}), precision: "fast" as const };
    const { folder } = await openPrepared(options);
    const files = () => readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const before = files();
    damage(folder);
    expect(await readPrepared(folder)).toBeUndefined();
    await openPrepared(options);
    expect(files()).toEqual(before);
  });

  it("that is not there is none", async () => {
    expect(await readPrepared("/nowhere")).toBeUndefined();
  });

  it("takes a manifest whose fields were written in any order", async () => {
    const { folder, manifest } = await openTiny("fast");
    const { name, ...rest } = manifest;
    writeManifest(folder, { ...rest, name });
    expect((await readPrepared(folder))?.manifest).toEqual(manifest);
  });
});

it("removes what dead processes left of this folder, and nothing else", () => {
  const cache = writeFolder({});
  const folder = join(cache, "model-fast-v1");
  const dead = buildingPath(folder, 2 ** 22 + 1);
  const alive = buildingPath(folder, process.ppid);
  const own = buildingPath(folder, process.pid);
  const others = [folder, join(cache, "model-fast-v1.notes"), join(cache, "model-exact-v1.4194305.part")];
  for (const path of [dead, alive, own, ...others]) mkdirSync(path);
  removeLeftovers(folder);
  expect(readdirSync(cache).toSorted()).toEqual(
    [alive, ...others].map((path) => path.slice(cache.length + 1)).toSorted(),
  );
});
