import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { VERDICTS } from "../trace/stores.ts";

const traceId = z.string().regex(/^tr_[0-9a-f]{32}$/, "must be tr_ and 32 hex digits");
const reviewer = z.string().trim().min(1, "say who decides").max(100);
const token = z.string().min(1).max(200);
const leaseMs = z.int().min(1_000).max(3_600_000).default(300_000);

/** The bodies, queries and path parts that the review API takes. */
export const SCHEMAS = {
  path: z.strictObject({ traceId }),
  list: z.strictObject({
    state: z.enum(["waiting", "claimed", "decided"]).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
    offset: z.coerce.number().int().min(0).default(0),
  }),
  claim: z.strictObject({ reviewer, leaseMs, traceId: traceId.optional() }),
  heartbeat: z.strictObject({ token, leaseMs }),
  release: z.strictObject({ token }),
  decide: z.strictObject({
    token: token.optional(),
    verdict: z.enum(VERDICTS),
    note: z.string().max(10_000).default(""),
    reviewer,
    supersede: z.boolean().optional(),
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
