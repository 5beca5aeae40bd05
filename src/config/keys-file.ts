import { readFileSync } from "node:fs";
import { ConfigError, type Problem } from "../errors.ts";
import { readYaml, type YamlDocument, type YamlFault } from "../yaml-document.ts";
import { keysSchema, type GatewayFile } from "./schema.ts";

/** `gateway.yaml` with the keys of its `keys_file` after its own. */
export interface WithKeys {
  readonly file: GatewayFile;
  /** Names the file and line of a fault, in whichever of the two it is. */
  readonly problemAt: (fault: YamlFault) => Problem;
}

/** Reads the file at `path`, a list like `keys`. Without a path nothing is added. Throws `ConfigError`. */
export function addKeysFile(document: YamlDocument, file: GatewayFile, path: string | undefined): WithKeys {
  if (path === undefined) return { file, problemAt: document.problemAt };
  const added = readYaml(path, readText(path));
  const own = file.keys.length;
  return {
    file: { ...file, keys: [...file.keys, ...added.check(keysSchema)] },
    problemAt(fault) {
      const [field, index, ...rest] = fault.path;
      if (field !== "keys" || typeof index !== "number" || index < own) return document.problemAt(fault);
      return added.problemAt({ ...fault, path: [index - own, ...rest] });
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      {
        file: path,
        message: `cannot be read: ${reason}`,
        cure: "correct keys_file in gateway.yaml, or let this user read it",
      },
    ]);
  }
}
