import { z } from "zod";
import { ConfigError, type Problem } from "../errors.ts";
import { suggestWord } from "../suggestion.ts";
import { withCure } from "../schema-problem.ts";
import { readYaml, type YamlFault } from "../yaml-document.ts";
import { aggregateSchema, startOf, type AggregateOptions } from "./aggregate.ts";
import { calibrationSchema, type Calibration } from "./calibration.ts";
import type { Kind, Positions } from "./kinds/kind.ts";

/** One `detectors/<id>.yaml`, checked; `options` have passed the kind's own schema. */
export interface Definition {
  /** The file's name without `.yaml`. */
  readonly id: string;
  readonly file: string;
  readonly description: string;
  /** The family whose detector to take first this is, like `country`. */
  readonly familyDefault: string | null;
  readonly kind: string;
  readonly options: unknown;
  readonly positions: Positions;
  readonly aggregate: AggregateOptions;
  /** The detector fires where the aggregated score is at least this. */
  readonly threshold: number;
  /** From here on a firing is strong enough to abort; the same number where the definition has one threshold. */
  readonly abortThreshold: number;
  readonly calibration: Calibration;
}

/** A definition that still knows its lines, for problems that only the model shows. */
export interface ParsedDefinition {
  readonly definition: Definition;
  problemAt(fault: YamlFault): Problem;
}

/** A definition file as read from disk. */
export interface DefinitionSource {
  readonly id: string;
  readonly file: string;
  readonly text: string;
}

const threshold = z.union([
  z.number(),
  z.strictObject({ flag: z.number(), abort: z.number() }).refine(({ flag, abort }) => flag <= abort, {
    path: ["abort"],
    error: withCure("the threshold for aborts is below that for flags", "write an abort of at least flag"),
  }),
]);

const definitionSchema = z.strictObject({
  description: z.string().trim().min(1),
  family_default: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, withCure("must be lower-case letters, digits and hyphens", "write a word like country"))
    .optional(),
  kind: z.string(),
  options: z.unknown().optional(),
  positions: z.enum(["prompt", "generation", "both"]),
  aggregate: aggregateSchema,
  threshold,
  calibration: calibrationSchema,
});

/** Reads one definition; throws `ConfigError` with every problem of the file. */
export function parseDefinition(source: DefinitionSource, kinds: ReadonlyMap<string, Kind>): ParsedDefinition {
  const document = readYaml(source.file, source.text);
  const problems: Problem[] = [];
  const attempt = <Value>(check: () => Value): Value | undefined => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const body = attempt(() => document.check(definitionSchema));
  // The options are checked even where the rest is wrong, so that one run shows every problem.
  const named = kindNameOf(document.data);
  const kind = named === undefined ? undefined : kinds.get(named);
  if (named !== undefined && !kind) {
    const cure = `${suggestWord(named, [...kinds.keys()])} A user's own kind is listed under kinds in gateway.yaml`;
    problems.push(document.problemAt({ path: ["kind"], message: `there is no kind "${named}"`, cure }));
  }
  const options = kind && attempt(() => document.check(withMissing(kind.schema), ["options"]));
  if (body) problems.push(...findEarlyFire(body).map((fault) => document.problemAt(fault)));
  if (problems.length > 0 || !body) throw new ConfigError(problems);
  return {
    definition: {
      id: source.id,
      file: source.file,
      ...body,
      ...levelsOf(body.threshold),
      options,
      familyDefault: body.family_default ?? null,
    },
    problemAt: (fault) => document.problemAt(fault),
  };
}

function levelsOf(written: z.output<typeof threshold>): Pick<Definition, "threshold" | "abortThreshold"> {
  const { flag, abort } = typeof written === "number" ? { flag: written, abort: written } : written;
  return { threshold: flag, abortThreshold: abort };
}

function kindNameOf(data: unknown): string | undefined {
  const kind: unknown = typeof data === "object" && data !== null && "kind" in data ? data.kind : undefined;
  return typeof kind === "string" ? kind : undefined;
}

/** Definitions without `options` are judged by the kind's schema as if they had written an empty map. */
function withMissing(schema: z.ZodType): z.ZodType {
  return z.preprocess((options) => (options === undefined ? {} : options), schema);
}

function findEarlyFire(body: Pick<z.output<typeof definitionSchema>, "aggregate" | "threshold">): YamlFault[] {
  const start = startOf(body.aggregate);
  const { threshold: flag } = levelsOf(body.threshold);
  if (start === undefined || start < flag) return [];
  return [
    {
      path: ["aggregate", "start"],
      message: `the start value ${start} reaches the threshold ${flag}, so it would fire before anything was read`,
      cure: "write a start value below the threshold",
    },
  ];
}
