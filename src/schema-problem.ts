import type { z } from "zod";
import { suggestWord } from "./suggestion.ts";

/** One thing that a schema refuses, before it has a file and a line. */
export interface SchemaProblem {
  /** Keys and indices from the checked value down to the fault. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly cure: string;
}

/** A value that passed, or everything that is wrong with it. */
export type SchemaResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly SchemaProblem[] };

type Issue = z.core.$ZodIssue;
type KnownKeys = Map<string, readonly string[]>;

/** The text of a schema's own `error`, with the cure that `checkSchema` splits off again. */
export function withCure(message: string, cure: string): string {
  return `${message}\n${cure}`;
}

/** Checks plain data with a zod 4 schema and returns every problem, unknown keys with the key that was probably meant. */
export function checkSchema<Value>(schema: z.ZodType<Value>, value: unknown): SchemaResult<Value> {
  const known: KnownKeys = new Map();
  // The list of known keys is only reachable while an issue is being worded, so it is noted down here.
  const noteKnownKeys = (issue: z.core.$ZodRawIssue): undefined => {
    if (issue.code !== "unrecognized_keys") return;
    const definition: object = issue.inst?._zod.def ?? {};
    const shape = "shape" in definition && typeof definition.shape === "object" ? definition.shape : {};
    known.set(keyOf(issue.path ?? [], issue.keys), Object.keys(shape ?? {}));
  };
  const result = schema.safeParse(value, { error: noteKnownKeys, reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap((issue) => explain(issue, known)) };
}

function keyOf(path: readonly PropertyKey[], keys: readonly string[]): string {
  return JSON.stringify([path.map(String), keys]);
}

function explain(issue: Issue, known: KnownKeys): SchemaProblem[] {
  if (issue.code === "unrecognized_keys") {
    const candidates = known.get(keyOf(issue.path, issue.keys)) ?? [];
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `unknown key "${key}"`,
      cure: suggestWord(key, candidates),
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return explainUnion(issue, known);
  return [{ path: issue.path, ...describe(issue) }];
}

/** The branch that fails deepest is the one that was meant. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, known: KnownKeys): SchemaProblem[] {
  const isMeant = (branch: readonly Issue[]): boolean =>
    branch.every((inner) => inner.path.length > 0 || inner.code !== "invalid_type");
  const meant = issue.errors.find(isMeant);
  if (meant !== undefined) {
    return meant
      .flatMap((inner) => explain(inner, known))
      .map((problem) => ({ ...problem, path: [...issue.path, ...problem.path] }));
  }
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : [])),
  );
  const forms = [...new Set(expected)].map(nameType).join(" or ");
  if (issue.input === undefined) return [{ path: issue.path, message: "is missing", cure: `write ${forms}` }];
  return [{ path: issue.path, message: `must be ${forms}, not ${nameInput(issue.input)}`, cure: `write ${forms}` }];
}

function describe(issue: Issue): { message: string; cure: string } {
  switch (issue.code) {
    case "invalid_type":
      return describeType(issue.input, issue.expected);
    case "invalid_value":
      return describeChoice(issue.input, issue.values.map(String));
    case "invalid_union":
      return describeChoice(undefined, ("options" in issue ? (issue.options ?? []) : []).map(String));
    case "too_small":
      return describeBound(issue.origin, `at least ${issue.inclusive === false ? "more than " : ""}${issue.minimum}`);
    case "too_big":
      return describeBound(issue.origin, `at most ${issue.inclusive === false ? "less than " : ""}${issue.maximum}`);
    case "invalid_key":
      return splitCure(issue.issues[0]?.message ?? issue.message, "rename the key");
    default:
      return splitCure(issue.message, "correct this value");
  }
}

function describeType(input: unknown, expected: string): { message: string; cure: string } {
  const name = nameType(expected);
  if (input === undefined) return { message: "is missing", cure: `write ${name} here` };
  // YAML reads 0123, true and 1e5 as something else than text.
  const isBare = expected === "string" && (typeof input === "number" || typeof input === "boolean");
  return { message: `must be ${name}, not ${nameInput(input)}`, cure: isBare ? "put it in quotes" : `write ${name}` };
}

function describeChoice(input: unknown, values: readonly string[]): { message: string; cure: string } {
  const list = values.join(", ");
  if (input === undefined) return { message: `must be one of ${list}`, cure: `write one of ${list}` };
  if (typeof input !== "string")
    return { message: `must be one of ${list}, not ${nameInput(input)}`, cure: `write one of ${list}` };
  return { message: `"${input}" is not one of ${list}`, cure: suggestWord(input, values) };
}

function describeBound(origin: string, bound: string): { message: string; cure: string } {
  const units: Record<string, string> = { string: " characters long", array: " entries long", record: " entries long" };
  const text = `${bound.replace("at least more", "more").replace("at most less", "less")}${units[origin] ?? ""}`;
  return { message: `must be ${text}`, cure: `make it ${text}` };
}

function splitCure(text: string, cure: string): { message: string; cure: string } {
  const [message = text, own] = text.split("\n");
  return { message, cure: own ?? cure };
}

function nameType(expected: string): string {
  const names: Record<string, string> = {
    object: "a map",
    record: "a map",
    array: "a list",
    int: "a whole number",
    string: "text",
    boolean: "true or false",
  };
  return names[expected] ?? `a ${expected}`;
}

function nameInput(input: unknown): string {
  if (input === null) return "empty";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a map";
  return typeof input === "number" || typeof input === "boolean" ? String(input) : "text";
}
