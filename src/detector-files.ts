import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { ConfigError, type Problem } from "./errors.ts";

/** One detector's file; `id` is its name without `.yaml`. */
export interface DetectorFile {
  readonly id: string;
  readonly file: string;
}

/** Lists file names of a folder. */
export type ListFolder = (folder: string) => readonly string[];

/**
 * The detectors of a folder, by name: every `<id>.yaml`. Files ending `.test.yaml` are cases and other extensions are
 * ignored. Throws `ConfigError` for a folder that cannot be read and for names that could silently be overlooked.
 */
export function listDetectorFiles(folder: string, listFolder: ListFolder = readdirSync): DetectorFile[] {
  let names: readonly string[];
  try {
    names = listFolder(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cure = "create it, or correct detectors in gateway.yaml";
    throw new ConfigError([{ file: folder, message: `the folder of detectors cannot be read: ${reason}`, cure }]);
  }
  const problems = names.flatMap((name) => findNameProblem(folder, name));
  if (problems.length > 0) throw new ConfigError(problems);
  return names
    .filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"))
    .map((name) => ({ id: name.slice(0, -".yaml".length), file: join(folder, name) }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

function findNameProblem(folder: string, name: string): Problem[] {
  if (/\.yml$/i.test(name)) {
    return [{ file: join(folder, name), message: "a detector's file ends in .yaml", cure: "rename it to .yaml" }];
  }
  if (!name.endsWith(".yaml") || /^[a-z0-9][a-z0-9-]*(\.test)?\.yaml$/.test(name)) return [];
  const cure = "rename it, using lower-case letters, digits and hyphens";
  return [{ file: join(folder, name), message: `"${name}" is not a name for a detector`, cure }];
}

/** Bytes that a file beside a definition may have at most: a direction for every tap of a large model. */
const LARGEST_FILE = 256 * 1024 * 1024;

/**
 * Bytes of a file named relative to a definition. Throws an `Error` for a path that is absolute, climbs with `..`, leads out of
 * the definition's folder through a link, or is no file of at most 256 MB.
 */
export function readBesideDetector(definitionFile: string, path: string): Uint8Array {
  if (path === "" || isAbsolute(path) || /[\\\0]/.test(path) || path.split("/").includes("..")) {
    throw new Error(`${JSON.stringify(path)} does not name a file below the folder of the detectors`);
  }
  const file = join(dirname(definitionFile), path);
  const folder = realpathSync(dirname(definitionFile));
  let real: string;
  try {
    real = realpathSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (!real.startsWith(join(folder, sep))) throw new Error(`${file} leads out of the folder of the detectors`);
  const facts = statSync(real);
  if (!facts.isFile()) throw new Error(`${file} is not a file`);
  if (facts.size > LARGEST_FILE) throw new Error(`${file} has ${facts.size} bytes, over ${LARGEST_FILE}`);
  return readFileSync(real);
}

/** Replaces a file, or makes it, as a whole: a reader sees the old one or the new one. The name in between is none that is read as a definition. */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const fresh = join(dirname(file), `.${basename(file)}.${process.pid}.new`);
  try {
    const mode = existsSync(file) ? { mode: statSync(file).mode } : {};
    writeFileSync(fresh, content, { ...mode, flush: true });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
