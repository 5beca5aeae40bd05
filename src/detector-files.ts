import { readdirSync } from "node:fs";
import { join } from "node:path";
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
