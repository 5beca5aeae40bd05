import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { listDetectorFiles } from "../detector-files.ts";
import { ConfigError, type Problem } from "../errors.ts";
import type { ConceptRead } from "../lens/reading.ts";
import type { YamlFault } from "../yaml-document.ts";
import type { AggregateOptions } from "./aggregate.ts";
import { compareBinding, type Binding } from "./calibration.ts";
import { canonicalJson } from "./canonical-json.ts";
import { parseDefinition, type Definition, type ParsedDefinition } from "./definition.ts";
import { OptionError, type Kind, type Positions, type ResolveContext } from "./kinds/kind.ts";

/** A detector resolved on the loaded model: plain data that crosses the thread boundary. */
export interface LoadedDetector {
  readonly id: string;
  /** First 16 hex digits of the sha256 of the definition as resolved; words of description and calibration do not count. */
  readonly hash: string;
  readonly kind: string;
  readonly description: string;
  readonly resolved: unknown;
  readonly reads: readonly ConceptRead[];
  readonly aggregate: AggregateOptions;
  readonly threshold: number;
  readonly positions: Positions;
  /** Lines for `lensgate check`. */
  readonly notes: readonly string[];
  readonly calibrated: boolean;
}

/** What loading needs besides the files. */
export interface ResolveOptions {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly context: ResolveContext;
  readonly binding: Binding;
}

/** Definitions that parse, and everything wrong with those that do not. */
export interface ReadDefinitions {
  readonly definitions: readonly ParsedDefinition[];
  readonly problems: readonly Problem[];
}

/** Reads every definition of a folder; needs no model. */
export function readDefinitions(options: {
  readonly folder: string;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly readText?: (file: string) => string;
}): ReadDefinitions {
  const { folder, kinds, readText = (file) => readFileSync(file, "utf8") } = options;
  const definitions: ParsedDefinition[] = [];
  const problems: Problem[] = [];
  collect(problems, () => {
    for (const source of listDetectorFiles(folder)) {
      collect(problems, () => definitions.push(parseDefinition({ ...source, text: readText(source.file) }, kinds)));
    }
  });
  return { definitions, problems };
}

/** Reads and resolves every detector of a folder; throws `ConfigError` with every problem of every file. */
export function loadDetectors(options: ResolveOptions & { readonly folder: string }): LoadedDetector[] {
  const { definitions, problems } = readDefinitions(options);
  return resolveDetectors({ definitions, problems }, options);
}

/** Resolves definitions on the loaded model; throws `ConfigError` with the problems found before and now. */
export function resolveDetectors(read: ReadDefinitions, options: ResolveOptions): LoadedDetector[] {
  const problems = [...read.problems];
  const loaded: LoadedDetector[] = [];
  for (const parsed of read.definitions) collect(problems, () => loaded.push(resolveDetector(parsed, options)));
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

function resolveDetector({ definition, problemAt }: ParsedDefinition, options: ResolveOptions): LoadedDetector {
  const faults: YamlFault[] = compareBinding(definition.calibration, options.binding).map(({ key, message }) => ({
    path: ["calibration", key],
    message,
    cure: "calibrate the detector again, or write status: uncalibrated with a note",
  }));
  const resolution = resolveOptions(definition, options, faults);
  if (faults.length > 0 || !resolution) throw new ConfigError(faults.map(problemAt));
  const { kind, options: written, positions, aggregate, threshold } = definition;
  const { reads, resolved } = resolution;
  const core = canonicalJson({ id: definition.id, kind, written, positions, aggregate, threshold, reads, resolved });
  return {
    id: definition.id,
    hash: createHash("sha256").update(core).digest("hex").slice(0, 16),
    kind,
    description: definition.description,
    resolved,
    reads,
    aggregate,
    threshold,
    positions,
    notes: resolution.notes,
    calibrated: definition.calibration.status === "calibrated",
  };
}

function resolveOptions(
  { kind: name, options: written }: Definition,
  { kinds, context }: ResolveOptions,
  faults: YamlFault[],
): { reads: readonly ConceptRead[]; resolved: unknown; notes: readonly string[] } | undefined {
  try {
    const kind = kinds.get(name);
    if (!kind) throw new Error(`there is no kind "${name}"`);
    const resolution = kind.resolve(written, context);
    checkReads(resolution.reads, context);
    // What cannot be copied to the worker or hashed fails here, where it can be explained.
    canonicalJson(resolution.resolved);
    return { ...resolution, resolved: structuredClone(resolution.resolved) };
  } catch (error) {
    const isOption = error instanceof OptionError;
    faults.push({
      path: ["options", ...(isOption ? error.path : [])],
      message: error instanceof Error ? error.message : String(error),
      cure: isOption ? error.cure : "correct the options, or the kind that reads them",
    });
    return undefined;
  }
}

function checkReads(reads: readonly ConceptRead[], { layers }: ResolveContext): void {
  reads.forEach(({ tap, tokens }, index) => {
    if (!Number.isInteger(tap.layer) || tap.layer < 0 || tap.layer >= layers) {
      throw new Error(`read ${index} is at layer ${tap.layer}, but the model has layers 0 to ${layers - 1}`);
    }
    if (tokens.length === 0) throw new Error(`read ${index} has no token`);
    if (new Set(tokens).size !== tokens.length) throw new Error(`read ${index} has a token twice`);
    if (tokens.some((token) => !Number.isInteger(token) || token < 0))
      throw new Error(`read ${index} has a token that is no id`);
  });
}

function collect(problems: Problem[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
}
