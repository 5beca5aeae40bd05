import type { z } from "zod";
import { GatewayError } from "../errors.ts";
import { checkSchema } from "../schema-problem.ts";
import { closestWord } from "../suggestion.ts";

/** Fields that are known but not built: the test says which values change nothing and are let pass. */
export type UnbuiltFields = Readonly<Record<string, (value: unknown) => boolean>>;

/** One object of a request: where it is, what may stand in it, and what is known but not built. */
export interface FieldRules {
  /** Like `messages[0].`; empty at the top. */
  readonly prefix: string;
  readonly built: readonly string[];
  readonly unbuilt: UnbuiltFields;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The fields that are built, without nulls, which mean the default. Throws `unsupported_parameter` that names the first
 * field that is not built or not known, unless its value changes nothing.
 */
export function takeBuiltFields(value: object, rules: FieldRules): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (rules.built.includes(name)) {
      if (field !== null) taken[name] = field;
    } else refuseUnlessHarmless(name, field, rules);
  }
  return taken;
}

function refuseUnlessHarmless(name: string, field: unknown, { prefix, built, unbuilt }: FieldRules): void {
  const param = `${prefix}${name.slice(0, 100)}`;
  const isHarmless = Object.hasOwn(unbuilt, name) ? unbuilt[name] : undefined;
  if (!isHarmless) {
    const meant = closestWord(name.slice(0, 100), built);
    const cure = meant === undefined ? "remove it" : `did you mean '${meant}'?`;
    throw new GatewayError("unsupported_parameter", `Unknown parameter '${param}': ${cure}`, { param });
  }
  if (field !== null && !isHarmless(field)) {
    throw new GatewayError("unsupported_parameter", `'${param}' is not supported with this value: leave it out.`, {
      param,
    });
  }
}

/** Checks plain data; throws `invalid_request` that names the first field at fault, with the cure. `prefix` as in `FieldRules`. */
export function checkFields<Value>(schema: z.ZodType<Value>, value: unknown, prefix = ""): Value {
  const result = checkSchema(schema, value);
  if (result.ok) return result.value;
  const [problem] = result.problems;
  const param = `${prefix}${formatPath(problem?.path ?? [])}`;
  const message = `'${param}' ${problem?.message ?? "is not as expected"}: ${problem?.cure ?? "correct it"}.`;
  throw new GatewayError("invalid_request", message, { param });
}

/** `["messages", 0, "content"]` → `messages[0].content`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
}
