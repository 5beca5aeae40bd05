import { existsSync, mkdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { ConfigError } from "../errors.ts";
import { readArchitecture } from "./architecture.ts";
import { readGguf, type GgufFile } from "./gguf.ts";
import type { ModelFolder } from "./model-folder.ts";
import { prepareTensors } from "./prepare-tensors.ts";
import { FORMAT_VERSION, WEIGHTS_FILE, type Manifest, type PreparedModel } from "./prepared.ts";
import { buildingPath, hashFile, readPrepared, removeLeftovers, writeManifest } from "./prepared-folder.ts";
import { readVocabulary } from "./vocabulary.ts";
import { createWeightsWriter } from "./weights-writer.ts";

export interface PrepareOptions {
  readonly model: ModelFolder;
  readonly cache: string;
  readonly precision: "fast" | "exact";
  /** Bytes of the publisher's file converted so far and in all; called only while preparing. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Bytes that may still be written under a folder. */
  readonly freeBytes?: (folder: string) => number;
}

// A lock that was not renewed for half a minute belongs to a process that died. Between two renewals lies one tensor.
const STALE_LOCK_MS = 30_000;
const RENEW_LOCK_MS = 5_000;
const LOCK_RETRY_MS = 200;
const LONGEST_WAIT_MS = 900_000;

/**
 * Opens the prepared form of a model, preparing it first where it is missing or damaged. The publisher's file must have the
 * sha256 of `model.yaml`; prepared weights must have the sha256 of their manifest. Throws `ConfigError` with file and cure.
 */
export async function openPrepared(options: PrepareOptions): Promise<PreparedModel> {
  const { model, cache, precision } = options;
  const { path, sha256 } = model.weights;
  if (!existsSync(path)) {
    throw fault(path, "the model file is missing", "fetch it from its source, or restore it from the repository");
  }
  const folder = join(cache, `${model.id}-${sha256.slice(0, 16)}-${precision}-v${FORMAT_VERSION}`);
  const [actual, ready] = await Promise.all([hashSource(path), readPrepared(folder)]);
  if (actual !== sha256) {
    throw fault(
      path,
      `sha256 is ${actual}, but model.yaml says ${sha256}`,
      "fetch the file again, or correct model.yaml if you trust this one",
    );
  }
  return ready ?? (await prepareLocked(options, folder));
}

async function hashSource(path: string): Promise<string> {
  return hashFile(path).catch((error: unknown) => {
    throw fault(
      path,
      `the model file cannot be read: ${messageOf(error)}`,
      "check that it is a file and its permissions",
    );
  });
}

async function prepareLocked(options: PrepareOptions, folder: string): Promise<PreparedModel> {
  const { cache, model } = options;
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    throw cacheFault(cache, error);
  }
  const source = await readGguf(model.weights.path);
  const release = await lockCache(cache);
  try {
    return (await readPrepared(folder)) ?? (await prepare(options, source, folder));
  } finally {
    await release();
  }
}

async function lockCache(cache: string): Promise<() => Promise<void>> {
  const lockfilePath = join(cache, ".lock");
  try {
    const release = await lock(cache, {
      lockfilePath,
      stale: STALE_LOCK_MS,
      update: RENEW_LOCK_MS,
      retries: { retries: LONGEST_WAIT_MS / LOCK_RETRY_MS, factor: 1, minTimeout: LOCK_RETRY_MS },
      // Lost to another process after a long pause: both then prepare, each in a folder of its own, and one result stays.
      onCompromised: () => undefined,
    });
    return () => release().catch(() => undefined);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw cacheFault(cache, error);
    const waited = `another process has been preparing a model for ${LONGEST_WAIT_MS / 60_000} minutes`;
    throw fault(lockfilePath, waited, "wait until it is done, or end it and remove this folder");
  }
}

async function prepare(options: PrepareOptions, source: GgufFile, folder: string): Promise<PreparedModel> {
  const building = buildingPath(folder, process.pid);
  try {
    removeLeftovers(folder);
    checkSpace(options, source);
    mkdirSync(building);
    const manifest = await writePrepared(options, source, building);
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
    return { folder, manifest };
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    if (error instanceof ConfigError) throw error;
    if (isDiskError(error)) throw cacheFault(options.cache, error);
    throw fault(source.path, `cannot be prepared: ${messageOf(error)}`, "use a model of a supported form");
  }
}

async function writePrepared(
  { model, precision, onProgress }: PrepareOptions,
  source: GgufFile,
  folder: string,
): Promise<Manifest> {
  const { metadata } = source;
  const vocabulary = readVocabulary(metadata);
  const architecture = readArchitecture({
    string: (key) => metadata.string(key),
    number: (key) => metadata.number(key),
    optionalNumber: (key) => metadata.optionalNumber(key),
    optionalString: (key) => metadata.optionalString(key),
    hasTensor: (name) => source.hasTensor(name),
    vocabulary: vocabulary.pieces.length,
  });
  const writer = createWeightsWriter(join(folder, WEIGHTS_FILE));
  const prepared = await prepareTensors({
    source,
    architecture,
    precision,
    writer,
    onProgress: onProgress ?? (() => undefined),
  }).catch((error: unknown) => {
    writer.abandon();
    throw error;
  });
  const { bytes, sha256 } = writer.finish();
  const manifest: Manifest = {
    formatVersion: FORMAT_VERSION,
    name: model.id,
    sourceSha256: model.weights.sha256,
    precision,
    architecture,
    vocabulary,
    ...prepared,
    weightsBytes: bytes,
    weightsSha256: sha256,
  };
  writeManifest(folder, manifest);
  return manifest;
}

function checkSpace({ cache, precision, freeBytes = statFreeBytes }: PrepareOptions, source: GgufFile): void {
  const weights = source.tensors.reduce(
    (sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1),
    0,
  );
  // 8-bit codes with a float32 step and a zero point per 32 weights are 1.16 bytes a weight.
  const needed = Math.ceil(weights * (precision === "fast" ? 1.2 : 4)) + 16_000_000;
  const free = freeBytes(cache);
  if (free >= needed) return;
  const message = `preparing needs ${Math.ceil(needed / 1e6)} MB, but only ${Math.floor(free / 1e6)} MB are free`;
  throw fault(cache, message, "free some space, or set LENSGATE_CACHE_DIR to a larger disk");
}

function statFreeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

const DISK_ERRORS = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENOTDIR"]);

function isDiskError(error: unknown): boolean {
  return error instanceof Error && "code" in error && DISK_ERRORS.has(String(error.code));
}

function cacheFault(cache: string, error: unknown): ConfigError {
  return fault(
    cache,
    `the cache folder cannot be written: ${messageOf(error)}`,
    "make it writable, free some space, or set LENSGATE_CACHE_DIR",
  );
}

function fault(file: string, message: string, cure: string): ConfigError {
  return new ConfigError([{ file, message, cure }]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
