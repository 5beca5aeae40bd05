import { z } from "zod";
import { OVERRIDE_MODES } from "../decide/policy.ts";
import { GatewayError } from "../errors.ts";
import { ITEM_STAGES, ITEM_STATES } from "../queue/queue.ts";
import { VERDICTS } from "../trace/stores.ts";
import { visiblePieces } from "../visible-text.ts";

const traceId = z.string().regex(/^tr_[0-9a-f]{32}$/, "must be tr_ and 32 hex digits");
/** One line. What hides or moves text could make two names look like one. */
const line = (most: number, whenMissing: string) =>
  z
    .string()
    .trim()
    .min(1, whenMissing)
    .max(most)
    .refine((text) => !visiblePieces(text, true).some(({ mark }) => mark), "holds characters that do not show");
const name = line(100, "say who you are");
const why = line(500, "say why");
const token = z.string().min(1).max(200);
const word = z.string().min(1).max(200);
const count = (most: number) => z.coerce.number().int().min(1).max(most);
const rate = z.number().min(1e-9).max(1);
const mode = z.enum(OVERRIDE_MODES);
const overrideId = z.string().regex(/^ov_[0-9a-f]{16}$/, "must be ov_ and 16 hex digits");
const moment = z.number().int().min(0);
/** What is told of an override and of its end. More is dropped: a newer gateway may tell it. */
const told = { id: overrideId, until: moment, actor: name, gateway: z.string().regex(/^[0-9a-f]{16}$/) };

/** A week. */
export const LONGEST_OVERRIDE_MINUTES = 7 * 1_440;

/** The bodies, queries and path parts that the review API takes. */
export const SCHEMAS = {
  path: z.strictObject({ traceId }),
  /** A request's id as callers may send it, or a trace's. */
  request: z.strictObject({ id: z.string().min(1).max(256) }),
  actor: z.strictObject({ reviewer: name }),
  override: z.strictObject({ reason: why, reviewer: name }),
  overrideWish: z.strictObject({
    detector: word.nullable(),
    mode: mode.default("monitor"),
    minutes: z.number().int().min(1).max(LONGEST_OVERRIDE_MINUTES),
    reason: why,
  }),
  overridePath: z.strictObject({ id: overrideId }),
  heard: z.object({
    override: z
      .object({ ...told, detector: line(200, "is empty").nullable(), mode, since: moment, reason: why })
      .optional(),
    ending: z.object({ ...told, at: moment }).optional(),
  }),
  login: z.strictObject({ name, password: z.string().max(1_000).optional() }),
  list: z.strictObject({
    state: z.enum(ITEM_STATES).optional(),
    stage: z.enum(ITEM_STAGES).optional(),
    detector: word.optional(),
    /** An action, or `blind` for items that do not show theirs. */
    action: word.optional(),
    model: word.optional(),
    minAgeMinutes: z.coerce.number().min(0).max(10_000_000).optional(),
    limit: count(200).default(50),
    offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  }),
  claim: z.strictObject({ traceId: traceId.optional(), detectors: z.array(word).min(1).max(100).optional() }),
  held: z.strictObject({ token }),
  decide: z.strictObject({
    token: token.optional(),
    verdict: z.enum(VERDICTS),
    note: z.string().max(10_000).default(""),
    supersede: z.boolean().optional(),
  }),
  note: z.strictObject({ text: z.string().trim().min(1, "write something").max(10_000) }),
  erasure: z.strictObject({ reason: z.string().trim().max(1_000).default("") }),
  nothing: z.strictObject({}),
  proposals: z.strictObject({ rate: z.coerce.number().min(1e-9).max(1).default(0.001) }),
  detector: z.strictObject({ detector: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, "is not the id of a detector") }),
  threshold: z.strictObject({ rate, threshold: z.number() }),
  audit: z.strictObject({
    /** A place of this gateway's own log, or `GATEWAY:PLACE,…` as an answer gave it. */
    before: z
      .string()
      .regex(/^([1-9]\d{0,14}|[0-9a-f]{16}:[1-9]\d{0,15}(,[0-9a-f]{16}:[1-9]\d{0,15}){0,199})$/, "is not a place")
      .optional(),
    traceId: traceId.optional(),
    limit: count(200).default(50),
  }),
} as const;

/** Checks a value; throws `GatewayError` `invalid_request` that names the field and what is wrong with it. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  const message = `${field === "" ? "The request" : field}: ${issue?.message ?? "not as expected"}.`;
  throw new GatewayError("invalid_request", message, field === "" ? {} : { param: field });
}
