import { pathToFileURL } from "node:url";
import { ConfigError, type Problem } from "../../errors.ts";
import { conceptKind } from "./concept.ts";
import type { Kind } from "./kind.ts";
import { patternKind } from "./pattern.ts";
import { probeKind } from "./probe.ts";
import { trajectoryKind } from "./trajectory.ts";

const BUILT_IN: readonly Kind[] = [conceptKind, patternKind, probeKind, trajectoryKind];

const CURE =
  "export a const named kind: { name, schema (zod 4), resolve(options, context), start(resolved, positions) }";

/**
 * The built-in kinds and those of a user's own modules, by name. Runs on the main thread and in the worker, so the paths
 * are absolute. Throws `ConfigError` for a module that does not load, has the wrong form or takes a name twice.
 */
export async function loadKinds(modulePaths: readonly string[] = []): Promise<Map<string, Kind>> {
  const kinds = new Map(BUILT_IN.map((kind) => [kind.name, kind]));
  const problems: Problem[] = [];
  for (const file of modulePaths) {
    try {
      const kind = await importKind(file);
      if (kinds.has(kind.name)) throw new Error(`there is already a kind "${kind.name}"; give this one another name`);
      kinds.set(kind.name, kind);
    } catch (error) {
      problems.push({ file, message: error instanceof Error ? error.message : String(error), cure: CURE });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return kinds;
}

async function importKind(file: string): Promise<Kind> {
  const module: unknown = await import(pathToFileURL(file).href);
  const kind: unknown = typeof module === "object" && module !== null && "kind" in module ? module.kind : undefined;
  const fault = findFault(kind);
  if (fault !== undefined) throw new Error(fault);
  return kind as Kind;
}

function findFault(kind: unknown): string | undefined {
  if (typeof kind !== "object" || kind === null) return "the module exports no kind";
  const { name, schema, resolve, start } = kind as Partial<Record<keyof Kind, unknown>>;
  if (typeof name !== "string" || !/^[a-z][a-z0-9_-]*$/.test(name)) {
    return "kind.name must be lower-case letters, digits, - and _, beginning with a letter";
  }
  // `_zod` tells zod 4 from zod 3, whose problems have another form.
  if (typeof schema !== "object" || schema === null || !("_zod" in schema)) return "kind.schema must be a zod 4 schema";
  if (typeof resolve !== "function") return "kind.resolve must be a function";
  if (typeof start !== "function") return "kind.start must be a function";
  return undefined;
}
