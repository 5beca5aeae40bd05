import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readModelFolder, type ModelFolder } from "../../src/model/model-folder.ts";
import { openPrepared } from "../../src/model/prepare.ts";
import { writeFolder } from "../support/folder.ts";
import { openVendored, VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";
import { makeTinyGguf, writeTinyModel } from "../support/tiny-model.ts";

const bytesOf = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
const open = (model: ModelFolder, cache: string) => openPrepared({ model, cache, precision: "fast" });

describe("opening a model", () => {
  it("prepares it at first use and only reads it later", async () => {
    const model = writeTinyModel();
    const cache = join(writeFolder({}), "below", "cache");
    let progress = 0;
    const onProgress = () => {
      progress += 1;
    };
    const first = await openPrepared({ model, cache, precision: "fast", onProgress });
    expect(progress).toBe(20);
    const second = await openPrepared({ model, cache, precision: "fast", onProgress });
    expect(progress).toBe(20);
    expect(second).toEqual(first);
    expect(readdirSync(cache)).toEqual([`tiny-${model.weights.sha256.slice(0, 16)}-fast-v1`]);
  });

  it.each(["fast", "exact"] as const)("gives the same bytes twice in %s precision", async (precision) => {
    const model = writeTinyModel();
    const folders = [writeFolder({}), writeFolder({})];
    const [first, second] = await Promise.all(folders.map((cache) => openPrepared({ model, cache, precision })));
    expect(bytesOf(first?.folder ?? "")).toEqual(bytesOf(second?.folder ?? ""));
  });

  it("gives the same bytes twice for the vendored model", async () => {
    const kept = await openVendored("fast");
    const fresh = await open(readModelFolder(VENDORED_FOLDER), writeFolder({}));
    expect(fresh.folder).not.toBe(kept.folder);
    expect(fresh.manifest).toEqual(kept.manifest);
  });

  it("prepares once when it is asked twice at the same time", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    const counts = [0, 0];
    const opened = await Promise.all(
      counts.map((_, index) =>
        openPrepared({ model, cache, precision: "fast", onProgress: () => (counts[index] = (counts[index] ?? 0) + 1) }),
      ),
    );
    expect(opened[0]).toEqual(opened[1]);
    expect(counts.toSorted((left, right) => left - right)).toEqual([0, 20]);
  });
});

describe("a model file that does not fit", () => {
  it("is refused for another hash, with both hashes and a cure, and nothing is written", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    const actual = model.weights.sha256;
    const weights = { ...model.weights, sha256: "0".repeat(64) };
    expect(await problemsOf(() => open({ ...model, weights }, cache))).toEqual([
      `${weights.path}: sha256 is ${actual}, but model.yaml says ${weights.sha256} (cure: fetch the file again, or correct model.yaml if you trust this one)`,
    ]);
    expect(readdirSync(cache)).toEqual([]);
  });

  it("is refused for another hash although it was prepared before", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    await open(model, cache);
    writeFileSync(model.weights.path, makeTinyGguf({ untied: true }));
    expect((await problemsOf(() => open(model, cache)))[0]).toMatch(/tiny\.gguf: sha256 is /);
  });

  it("is refused when it is missing, and when it is no file", async () => {
    const model = writeTinyModel();
    const at = (path: string) => ({ ...model, weights: { ...model.weights, path } });
    const missing = await problemsOf(() => open(at("/nowhere/model.gguf"), writeFolder({})));
    expect(missing[0]).toMatch(/^\/nowhere\/model\.gguf: the model file is missing \(cure: fetch it/);
    const folder = await problemsOf(() => open(at(model.folder), writeFolder({})));
    expect(folder[0]).toMatch(/the model file cannot be read: EISDIR/);
  });

  it.each([100, 5000, 20_000])("is refused when it was cut to %d bytes before it was hashed", async (length) => {
    const model = writeTinyModel();
    truncateSync(model.weights.path, length);
    const sha256 = createHash("sha256").update(readFileSync(model.weights.path)).digest("hex");
    const cut = { ...model, weights: { ...model.weights, sha256 } };
    const cache = writeFolder({});
    expect((await problemsOf(() => open(cut, cache)))[0]).toMatch(
      /tiny\.gguf.*(cut short|can hold|cannot be read).*\(cure: /,
    );
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe("a cache folder", () => {
  it("below a regular file is refused with a cure", async () => {
    const file = join(writeFolder({ file: "" }), "file");
    const [problem] = await problemsOf(() => open(writeTinyModel(), join(file, "cache")));
    expect(problem).toMatch(/file\/cache: the cache folder cannot be written: ENOTDIR.*\(cure: .*LENSGATE_CACHE_DIR\)/);
  });

  it("on a disk with too little room is refused before anything is written", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    const freeBytes = () => 15_000_000;
    const [problem] = await problemsOf(() => openPrepared({ model, cache, precision: "exact", freeBytes }));
    expect(problem).toMatch(
      /: preparing needs 17 MB, but only 15 MB are free \(cure: free some space, or set LENSGATE_CACHE_DIR/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it("is waited for while another process holds its lock", async () => {
    const cache = writeFolder({});
    mkdirSync(join(cache, ".lock"));
    const before = Date.now();
    setTimeout(() => rmSync(join(cache, ".lock"), { recursive: true }), 500);
    await open(writeTinyModel(), cache);
    expect(Date.now() - before).toBeGreaterThanOrEqual(490);
  });

  it("is taken over from a process that died with its lock and half of its work", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    const name = `tiny-${model.weights.sha256.slice(0, 16)}-fast-v1`;
    mkdirSync(join(cache, ".lock"));
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(join(cache, ".lock"), minuteAgo, minuteAgo);
    for (const pid of [process.pid, 2 ** 22 + 1]) {
      mkdirSync(join(cache, `${name}.${pid}.part`));
      writeFileSync(join(cache, `${name}.${pid}.part`, "weights.bin"), "half");
    }
    await open(model, cache);
    expect(readdirSync(cache)).toEqual([name]);
  });

  it("that is sealed and read-only is accepted, and nothing is written in it", async () => {
    const model = writeTinyModel();
    const cache = writeFolder({});
    const { folder } = await open(model, cache);
    const then = new Date(1_700_000_000_000);
    for (const path of [folder, cache]) utimesSync(path, then, then);
    await open(model, cache);
    // Making a lock, or any file, would change the folder's time.
    for (const path of [folder, cache]) expect(statSync(path).mtime).toEqual(then);
  });
});
