import { z } from "zod";
import { isProbeRead, LENSES, type LensName, type Read } from "../lens/reading.ts";
import { withCure } from "../schema-problem.ts";
import { likelihoodSchema } from "./likelihood.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const share = z.number().min(0).max(1);

const percentiles = z
  .strictObject({ "50": z.number(), "90": z.number(), "99": z.number(), "99.9": z.number() })
  .refine((each) => each["50"] <= each["90"] && each["90"] <= each["99"] && each["99"] <= each["99.9"], {
    error: withCure("the percentiles are not in ascending order", "write them as they were measured"),
  });

const calibrated = z
  .strictObject({
    status: z.literal("calibrated"),
    data: z.string().trim().min(1),
    false_alarm_rate: share,
    alarms: z.int().min(0).optional(),
    replies: z.int().min(1).optional(),
    upper_bound: share.optional(),
    hold_tokens: z.int().min(0).max(256).optional(),
    percentiles: percentiles.optional(),
    likelihood: likelihoodSchema.optional(),
    model_sha256: sha256,
    precision: z.enum(["fast", "exact"]),
    format_version: z.int().min(0),
    chat_template_sha256: sha256.nullable(),
    background_sha256: sha256.nullable(),
    lens: z.string().min(1),
    lens_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}(\+[0-9a-f]{64})*$/, "must be 64 lower-case hex digits, several joined by +")
      .nullable()
      .optional(),
  })
  .refine(({ alarms = 0, replies = Infinity }) => alarms <= replies, {
    path: ["alarms"],
    error: withCure("there are more alarms than replies", "count a reply that alarmed once"),
  });

/** Strict schema of a definition's `calibration`. */
export const calibrationSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("uncalibrated"), note: z.string().trim().min(1) }),
  calibrated,
]);

/** What a threshold was set on, or why it is only a guess. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** What a threshold may depend on, as it is loaded now. Hashes are 64 hex digits; null where the model has no such part. */
export interface LiveBinding {
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
  readonly formatVersion: number;
  readonly chatTemplateSha256: string | null;
  readonly backgroundSha256: string | null;
  /** What a lens is made of besides the model itself: statistics, or a fitted file. */
  readonly lensSha256: Readonly<Record<LensName, string | null>>;
}

/** What one detector's threshold depends on: of the background and the lenses only what its reads use. */
export interface Binding extends Omit<LiveBinding, "lensSha256"> {
  /** Names of the lenses joined by `+`, like `logit`; `none` without concept reads. */
  readonly lens: string;
  /** Hashes of those lenses that have one, joined by `+`. */
  readonly lensSha256: string | null;
}

/** The part of what is loaded that detectors with these reads depend on. */
export function bindingFor(reads: readonly Read[], live: LiveBinding): Binding {
  const concepts = reads.flatMap((read) => (isProbeRead(read) ? [] : [read]));
  const used = new Set(concepts.map(({ lens = "logit" }) => lens));
  const lenses = LENSES.filter((lens) => used.has(lens));
  const hashes = lenses.flatMap((lens) => live.lensSha256[lens] ?? []);
  return {
    ...live,
    backgroundSha256: concepts.some(({ yardstick }) => yardstick === "background") ? live.backgroundSha256 : null,
    lens: lenses.join("+") || "none",
    lensSha256: hashes.join("+") || null,
  };
}

/** A binding as the fields of `calibration`, in the order in which they are written. */
export function bindingFields(binding: Binding) {
  return {
    model_sha256: binding.modelSha256,
    precision: binding.precision,
    format_version: binding.formatVersion,
    chat_template_sha256: binding.chatTemplateSha256,
    background_sha256: binding.backgroundSha256,
    lens: binding.lens,
    lens_sha256: binding.lensSha256,
  };
}

/** One part of the binding that is not what the threshold was calibrated for. */
export interface BindingMismatch {
  /** Key under `calibration`. */
  readonly key: string;
  readonly message: string;
}

/** Every difference between what a definition was calibrated for and what it runs on; none for an uncalibrated one. */
export function compareBinding(calibration: Calibration, binding: Binding): BindingMismatch[] {
  if (calibration.status === "uncalibrated") return [];
  const written = { ...calibration, lens_sha256: calibration.lens_sha256 ?? null };
  const fields = Object.entries(bindingFields(binding)) as [keyof ReturnType<typeof bindingFields>, unknown][];
  return fields
    .filter(([key, loaded]) => written[key] !== loaded)
    .map(([key, loaded]) => ({
      key,
      message: `calibrated for ${written[key] ?? "none"}, but ${loaded === null ? "this detector uses none" : `${loaded as string} is loaded`}`,
    }));
}
