import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { listDetectorFiles, readBesideDetector } from "../detector-files.ts";
import { ConfigError, type Problem } from "../errors.ts";
import type { Read } from "../lens/reading.ts";
import type { YamlFault } from "../yaml-document.ts";
import type { AggregateOptions } from "./aggregate.ts";
import { bindingFor, compareBinding, type Calibration, type LiveBinding } from "./calibration.ts";
import { canonicalJson } from "./canonical-json.ts";
import { parseDefinition, type Definition, type ParsedDefinition } from "./definition.ts";
import { checkReads } from "./check-reads.ts";
import { OptionError, type Kind, type ModelContext, type Positions } from "./kinds/kind.ts";

/** A detector resolved on the loaded model: plain data that crosses the thread boundary. */
export interface LoadedDetector {
  readonly id: string;
  /** First 16 hex digits of the sha256 of the definition as resolved; words of description and calibration do not count. */
  readonly hash: string;
  readonly kind: string;
  readonly description: string;
  readonly resolved: unknown;
  readonly reads: readonly Read[];
  readonly aggregate: AggregateOptions;
  /** It fires where the aggregated score is at least this. */
  readonly threshold: number;
  /** From here on a firing is strong enough to abort; at least `threshold`. */
  readonly abortThreshold: number;
  readonly positions: Positions;
  /** Lines for `lensgate check`. */
  readonly notes: readonly string[];
  /** The family whose default it is, like `country`. */
  readonly familyDefault: string | null;
  readonly calibrated: boolean;
  readonly calibration: Calibration;
}

/** What loading needs besides the files. */
export interface ResolveOptions {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly context: ModelContext;
  /** What calibrations are held against; null only to see what would hold. */
  readonly binding: LiveBinding | null;
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
  /** Only the definition of this id; all when absent. */
  readonly only?: string;
  readonly readText?: (file: string) => string;
}): ReadDefinitions {
  const { folder, kinds, only, readText = (file) => readFileSync(file, "utf8") } = options;
  const definitions: ParsedDefinition[] = [];
  const problems: Problem[] = [];
  collect(problems, () => {
    for (const source of listDetectorFiles(folder).filter(({ id }) => only === undefined || id === only)) {
      collect(problems, () => definitions.push(parseDefinition({ ...source, text: readText(source.file) }, kinds)));
    }
  });
  problems.push(...findSecondDefaults(definitions));
  return { definitions, problems };
}

function findSecondDefaults(definitions: readonly ParsedDefinition[]): Problem[] {
  const first = new Map<string, string>();
  return definitions.flatMap(({ definition: { id, familyDefault }, problemAt }) => {
    if (familyDefault === null) return [];
    const earlier = first.get(familyDefault);
    if (earlier === undefined) {
      first.set(familyDefault, id);
      return [];
    }
    const message = `"${earlier}" is the default of the family ${familyDefault} already`;
    return [problemAt({ path: ["family_default"], message, cure: "take the field out of one of the two" })];
  });
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
  const faults: YamlFault[] = [];
  const resolution = resolveOptions(definition, options, faults);
  if (resolution) faults.push(...findMismatches(definition, resolution.reads, options.binding));
  if (faults.length > 0 || !resolution) throw new ConfigError(faults.map(problemAt));
  const { id, kind, options: written, positions, aggregate, threshold: flag, abortThreshold: abort } = definition;
  const { reads, resolved } = resolution;
  const threshold = flag === abort ? flag : { flag, abort };
  const core = canonicalJson({ id, kind, written, positions, aggregate, threshold, reads, resolved });
  return {
    id,
    hash: createHash("sha256").update(core).digest("hex").slice(0, 16),
    kind,
    description: definition.description,
    resolved,
    reads,
    aggregate,
    threshold: flag,
    abortThreshold: abort,
    positions,
    notes: resolution.notes,
    familyDefault: definition.familyDefault,
    calibrated: definition.calibration.status === "calibrated",
    calibration: definition.calibration,
  };
}

function findMismatches(
  { calibration }: Definition,
  reads: readonly Read[],
  live: ResolveOptions["binding"],
): YamlFault[] {
  if (live === null) return [];
  return compareBinding(calibration, bindingFor(reads, live)).map(({ key, message }) => ({
    path: ["calibration", key],
    message,
    cure: "calibrate the detector again, or write status: uncalibrated with a note",
  }));
}

function resolveOptions(
  { file, kind: name, options: written }: Definition,
  { kinds, context }: ResolveOptions,
  faults: YamlFault[],
): { reads: readonly Read[]; resolved: unknown; notes: readonly string[] } | undefined {
  try {
    const kind = kinds.get(name);
    if (!kind) throw new Error(`there is no kind "${name}"`);
    const readBytes = (path: string) => readBesideDetector(file, path);
    const resolution = kind.resolve(written, { ...context, readBytes });
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

function collect(problems: Problem[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
}
