import { z } from "zod";
import { privacySchema, retentionSchema } from "./privacy-config.ts";
import { withCure } from "../schema-problem.ts";

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, withCure("is not a name", "use lower-case letters, digits and hyphens"));

const port = z.int().min(0).max(65_535);
const milliseconds = z.int().min(1).max(86_400_000);

const listener = (defaultPort: number) =>
  z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: port.default(defaultPort),
      allowed_hosts: z.array(z.string().min(1)).default([]),
      allowed_origins: z.array(z.string().min(1)).default([]),
    })
    .prefault({});

const action = z.enum(["observe", "flag", "abort"]).optional();
const positions = z.enum(["prompt", "generation", "both"]).optional();

const rule = z.strictObject({
  action,
  positions,
  on_error: z.enum(["closed", "open"]).optional(),
  confirm_with: name.optional(),
  warm_at: z.number().optional(),
});

const combination = z.strictObject({
  of: z.array(name).min(1).max(100).optional(),
  rule: z.enum(["any", "all", "weighted", "likelihood_ratio"]).optional(),
  within_tokens: z.int().min(1).max(4096).optional(),
  weights: z.record(name, z.number().min(-1_000_000).max(1_000_000)).optional(),
  threshold: z.number().optional(),
  action,
  positions,
});

const policy = z.strictObject({
  extends: name.optional(),
  mode: z.enum(["enforce", "monitor"]).optional(),
  hold_tokens: z.int().min(0).max(256).optional(),
  on_abort: z.enum(["finish", "error"]).optional(),
  prompt_scope: z.enum(["new", "all"]).optional(),
  continuation_tokens: z.int().min(0).max(256).optional(),
  detectors: z.record(name, rule).optional(),
  combine: z.record(name, combination).optional(),
});

const keyLimits = z.strictObject({
  requests_per_minute: z.int().min(1).max(1_000_000).optional(),
  tokens_per_minute: z.int().min(1).max(1_000_000_000).optional(),
  concurrent: z.int().min(1).max(100_000).optional(),
});

const key = z.strictObject({
  id: name,
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, withCure("is not a sha256", "write 64 lower-case hex digits: printf %s KEY | sha256sum")),
  policy: name.optional(),
  may_tighten: z.boolean().default(false),
  models: z.array(z.string().min(1)).min(1).optional(),
  expires: z.string().refine(isMoment, withCure("is not a date", "write it like 2030-01-31")).optional(),
  disabled: z.boolean().default(false),
  limits: keyLimits.prefault({}),
});

/** The keys of `gateway.yaml`, or of a file of their own. */
export const keysSchema = z.array(key);

function isMoment(text: string): boolean {
  return z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(text).success;
}

const share = z.number().min(0).max(1);

const queue = z
  .strictObject({
    driver: z.enum(["embedded", "bullmq"]).default("embedded"),
    redis: z
      .strictObject({
        url: z
          .string()
          .regex(/^rediss?:\/\//, withCure("is not a Redis address", "write it like redis://127.0.0.1:6379"))
          .default("redis://127.0.0.1:6379"),
        prefix: name.default("lensgate"),
        score_rows: z.int().min(1000).max(10_000_000).default(200_000),
      })
      .prefault({}),
    outbox_limit: z.int().min(10).max(10_000_000).default(10_000),
    when_full: z.enum(["refuse", "drop"]).default("refuse"),
  })
  .prefault({});

const reviewer = z.strictObject({
  name: z.string().trim().min(1).max(100),
  role: z.enum(["reviewer", "lead"]).default("reviewer"),
  password: z
    .string()
    .regex(
      /^scrypt(\$\d{1,7}){3}\$[\w-]{22,86}\$[\w-]{43}$/,
      withCure("is not a password hash", "make one with `lensgate review password`"),
    ),
});

const review = z
  .strictObject({
    reviewers: z.array(reviewer).default([]),
    session_hours: z.number().min(0.1).max(720).default(12),
    lease_ms: z.int().min(1000).max(3_600_000).default(300_000),
    second_opinion: share.default(0),
    blind: share.optional(),
    new_items_per_minute: z.int().min(1).max(1_000_000).default(60),
    sample: z
      .strictObject({ clear: share.default(0), near: share.default(0), near_share: share.default(0.01) })
      .prefault({}),
  })
  .prefault({});

const enrichment = z
  .strictObject({
    enabled: z.boolean().default(true),
    threads: z.int().min(1).max(256).default(1),
    idle_exit_ms: z.int().min(1000).max(86_400_000).default(60_000),
    busy_wait_ms: z.int().min(0).max(3_600_000).default(30_000),
  })
  .prefault({});

const text = z.string().min(1);

const canaries = z
  .strictObject({
    every_minutes: z.int().min(0).max(1440).default(15),
    from_cases: z.boolean().default(true),
    prompts: z
      .array(
        z
          .strictObject({
            detector: name,
            chat: text.optional(),
            prompt: text.optional(),
            reply: text.optional(),
            expect: z.enum(["fires", "clear"]),
          })
          .refine(({ chat, prompt }) => (chat === undefined) !== (prompt === undefined), {
            error: withCure("needs exactly one of chat and prompt", "keep one of the two"),
          }),
      )
      .max(100)
      .default([]),
  })
  .prefault({});

/** Strict schema of `gateway.yaml`, with the defaults of everything but policies. */
export const gatewaySchema = z.strictObject({
  model: z.string().min(1),
  precision: z.enum(["fast", "exact"]).default("fast"),
  engine: z
    .strictObject({
      slots: z.int().min(1).max(64).default(4),
      context_tokens: z.int().min(64).max(1_048_576).default(2048),
      prefill_chunk_tokens: z.int().min(1).max(4096).default(64),
      waiting_limit: z.int().min(0).max(100_000).default(32),
      threads: z.int().min(1).max(256).optional(),
    })
    .prefault({}),
  api: listener(8080),
  console: listener(8081),
  detectors: z.string().min(1).default("detectors"),
  kinds: z.array(z.string().min(1)).default([]),
  default_policy: name,
  policies: z.record(name, policy),
  keys: keysSchema.default([]),
  keys_file: z.string().min(1).optional(),
  default_limits: keyLimits.prefault({}),
  limits: z
    .strictObject({
      body_bytes: z.int().min(1024).max(1_073_741_824).default(1_048_576),
      depth: z.int().min(4).max(1000).default(32),
      max_tokens: z.int().min(1).max(1_048_576).default(1024),
      max_messages: z.int().min(1).max(100_000).default(256),
      max_stop: z.int().min(0).max(64).default(4),
      stop_length: z.int().min(1).max(4096).default(128),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      total_ms: milliseconds.default(600_000),
      headers_after_ms: milliseconds.default(10_000),
      heartbeat_ms: milliseconds.default(15_000),
      retry_after_ms: milliseconds.default(2000),
      drain_ms: milliseconds.default(30_000),
      // Above the second after which a step that did come back is an error of its request alone.
      detector_stuck_ms: z.int().min(2000).max(86_400_000).default(10_000),
    })
    .prefault({}),
  queue,
  review,
  enrichment,
  privacy: privacySchema,
  retention: retentionSchema,
  reload: z.strictObject({ poll_ms: z.int().min(0).max(3_600_000).default(2000) }).prefault({}),
  canaries,
  state_dir: z.string().min(1).optional(),
  cache_dir: z.string().min(1).optional(),
});

/** `gateway.yaml` as written, defaults filled in. */
export type GatewayFile = z.output<typeof gatewaySchema>;

/** One policy as written. */
export type PolicyEntry = z.output<typeof policy>;

/** One combination as written. */
export type CombinationEntry = z.output<typeof combination>;
