import { z } from "zod";
import { backtracks } from "../backtracking.ts";
import type { YamlFault } from "../yaml-document.ts";

/** What is taken out of texts before they are stored. What the model reads is not changed. */
export interface PrivacyConfig {
  readonly redact: readonly RedactedPattern[];
  /** Turns of these roles are stored without their text; a plain prompt has the role `prompt`. */
  readonly dropRoles: readonly string[];
}

/** What matches is stored as `[redacted: NAME]`. */
export interface RedactedPattern {
  readonly name: string;
  readonly source: string;
  readonly flags: string;
}

/** How long things are kept; what is absent is kept without end. The audit log always is. */
export interface RetentionConfig {
  readonly tracesMs?: number;
  /** Traces beyond this number go, the oldest first, as far as they have their verdict. */
  readonly tracesMax?: number;
  readonly scoresMs?: number;
}

const days = z.number().min(0.01).max(36_500).optional();

/** `privacy` as written. */
export const privacySchema = z
  .strictObject({
    redact: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[\w -]{1,50}$/, "takes letters, digits, spaces, - and _"),
          pattern: z.string().min(1).max(500),
          flags: z
            .string()
            .regex(/^[imsuv]*$/, "only the flags i, m, s, u and v are allowed")
            .optional(),
        }),
      )
      .max(100)
      .default([]),
    drop_roles: z.array(z.enum(["system", "user", "assistant", "prompt"])).default([]),
  })
  .prefault({});

/** `retention` as written. */
export const retentionSchema = z
  .strictObject({ traces_days: days, traces_max: z.int().min(1).max(100_000_000).optional(), scores_days: days })
  .prefault({});

type PrivacyFile = z.output<typeof privacySchema>;

const DAY_MS = 86_400_000;

/** Reads both from the file. */
export function toPrivacy(file: { privacy: PrivacyFile; retention: z.output<typeof retentionSchema> }): {
  privacy: PrivacyConfig;
  retention: RetentionConfig;
} {
  const { traces_days: traces, traces_max: tracesMax, scores_days: scores } = file.retention;
  return {
    privacy: {
      redact: file.privacy.redact.map(({ name, pattern, flags = "" }) => ({ name, source: pattern, flags })),
      dropRoles: file.privacy.drop_roles,
    },
    retention: {
      ...(traces === undefined ? {} : { tracesMs: traces * DAY_MS }),
      ...(tracesMax === undefined ? {} : { tracesMax }),
      ...(scores === undefined ? {} : { scoresMs: scores * DAY_MS }),
    },
  };
}

/** Patterns that are no expressions, match everything, or could hold the gateway up. */
export function findPrivacyFaults({ redact }: PrivacyFile): YamlFault[] {
  return redact.flatMap(({ pattern, flags = "" }, index) => {
    const fault = faultOf(pattern, flags);
    return fault === undefined ? [] : [{ path: ["privacy", "redact", index, "pattern"], ...fault }];
  });
}

function faultOf(source: string, flags: string): Omit<YamlFault, "path"> | undefined {
  let compiled: RegExp;
  try {
    compiled = new RegExp(source, flags);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { message, cure: "write a JavaScript regular expression" };
  }
  if (compiled.test("")) {
    return {
      message: `"${source}" matches the empty text`,
      cure: "write an expression that needs at least one character",
    };
  }
  return backtracks({ source, flags })
    ? { message: `"${source}" takes too long`, cure: "avoid a repetition inside a repetition, like (a+)+" }
    : undefined;
}
