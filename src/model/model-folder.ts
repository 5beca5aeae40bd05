import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { readYaml } from "../yaml-document.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

const schema = z.strictObject({
  name: z.string().min(1),
  source: z.string().min(1),
  licence: z.string().min(1),
  files: z.record(z.string(), z.strictObject({ sha256: hash, role: z.enum(["weights", "lens", "licence"]) })),
});

/** A folder under `models/`: the publisher's file and what `model.yaml` says of it. */
export interface ModelFolder {
  readonly folder: string;
  /** The folder's own name: the model's id on the API. */
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly weights: { readonly path: string; readonly sha256: string };
  /** Lens files by name, such as `background.json`. */
  readonly lens: Readonly<Record<string, { readonly path: string; readonly sha256: string }>>;
}

/** Reads `model.yaml`; throws `ConfigError` with file, line and cure. */
export function readModelFolder(folder: string): ModelFolder {
  const file = join(folder, "model.yaml");
  if (!existsSync(file)) {
    const near = existsSync(join(folder, "..")) ? readdirSync(join(folder, "..")).join(", ") : "no such folder";
    const cure = `name a folder that holds a model.yaml; beside it are: ${near}`;
    throw new ConfigError([{ file, message: "there is no model description", cure }]);
  }
  const value = readYaml(file, readFileSync(file, "utf8")).check(schema);
  const named = (role: string) => Object.entries(value.files).filter(([, entry]) => entry.role === role);
  const [weights, ...more] = named("weights");
  if (!weights || more.length > 0) {
    throw new ConfigError([
      { file, field: "files", message: "exactly one file must have the role weights", cure: "mark the GGUF file" },
    ]);
  }
  const at = (name: string, sha256: string) => ({ path: join(folder, name), sha256 });
  return {
    folder,
    id: basename(folder),
    title: value.name,
    licence: value.licence,
    weights: at(weights[0], weights[1].sha256),
    lens: Object.fromEntries(named("lens").map(([name, entry]) => [basename(name), at(name, entry.sha256)])),
  };
}
