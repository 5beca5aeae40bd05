import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FORMAT_VERSION, MANIFEST_FILE, WEIGHTS_FILE, type Manifest, type PreparedModel } from "./prepared.ts";

/** Writes `prepared.json` durably, with its own sha256 as the last field. */
export function writeManifest(folder: string, manifest: Manifest): void {
  const signed = { ...manifest, manifestSha256: hashManifest(manifest) };
  writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(signed), { flush: true });
}

/** A prepared folder whose manifest and weights have the sha256 they should; undefined when there is none, an older or a damaged one. */
export async function readPrepared(folder: string): Promise<PreparedModel | undefined> {
  const weightsPath = join(folder, WEIGHTS_FILE);
  const manifest = readManifest(join(folder, MANIFEST_FILE));
  if (!manifest || !existsSync(weightsPath) || statSync(weightsPath).size !== manifest.weightsBytes) return undefined;
  return (await hashFile(weightsPath)) === manifest.weightsSha256 ? { folder, manifest } : undefined;
}

function readManifest(path: string): Manifest | undefined {
  try {
    const { manifestSha256, ...rest } = JSON.parse(readFileSync(path, "utf8")) as { manifestSha256?: unknown };
    // Its hash says that this program wrote every field of it; the version says with which meaning.
    const manifest = rest as Manifest;
    return manifest.formatVersion === FORMAT_VERSION && manifestSha256 === hashManifest(manifest)
      ? manifest
      : undefined;
  } catch {
    return undefined;
  }
}

function hashManifest(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/** Where this process builds a folder before it gets its name. */
export function buildingPath(folder: string, processId: number): string {
  return `${folder}.${processId}.part`;
}

/** Removes what preparations of this folder left behind when they were killed. Call it under the lock. */
export function removeLeftovers(folder: string): void {
  const name = basename(folder);
  for (const entry of readdirSync(dirname(folder))) {
    const processId = entry.startsWith(`${name}.`) ? /^\.(\d+)\.part$/.exec(entry.slice(name.length))?.[1] : undefined;
    if (processId === undefined || isOther(Number(processId))) continue;
    rmSync(join(dirname(folder), entry), { recursive: true, force: true });
  }
}

// Whether another process has this id now: it may be at work still, after a pause in which it lost the lock.
function isOther(processId: number): boolean {
  if (processId === process.pid) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** sha256 of a file, 64 hex digits. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 4 << 20 }), hash);
  return hash.digest("hex");
}
