import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

/** Strict schema of a definition's `calibration`. */
export const calibrationSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("uncalibrated"), note: z.string().trim().min(1) }),
  z.strictObject({
    status: z.literal("calibrated"),
    data: z.string().trim().min(1),
    false_alarm_rate: z.number().min(0).max(1),
    model_sha256: sha256,
    precision: z.enum(["fast", "exact"]),
    format_version: z.int().min(0),
    chat_template_sha256: sha256.nullable(),
    background_sha256: sha256.nullable(),
    lens: z.string().min(1),
  }),
]);

/** What a threshold was set on, or why it is only a guess. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** What a threshold depends on, as it is loaded now. Hashes are 64 hex digits; null where the model has no such part. */
export interface Binding {
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
  readonly formatVersion: number;
  readonly chatTemplateSha256: string | null;
  readonly backgroundSha256: string | null;
  /** Name of the lens, like `logit`. */
  readonly lens: string;
}

/** One part of the binding that is not what the threshold was calibrated for. */
export interface BindingMismatch {
  /** Key under `calibration`. */
  readonly key: string;
  readonly message: string;
}

/** Every difference between what a definition was calibrated for and what is loaded; none for an uncalibrated one. */
export function compareBinding(calibration: Calibration, live: Binding): BindingMismatch[] {
  if (calibration.status === "uncalibrated") return [];
  const pairs: readonly (readonly [string, string | number | null, string | number | null])[] = [
    ["model_sha256", calibration.model_sha256, live.modelSha256],
    ["precision", calibration.precision, live.precision],
    ["format_version", calibration.format_version, live.formatVersion],
    ["chat_template_sha256", calibration.chat_template_sha256, live.chatTemplateSha256],
    ["background_sha256", calibration.background_sha256, live.backgroundSha256],
    ["lens", calibration.lens, live.lens],
  ];
  return pairs
    .filter(([, written, loaded]) => written !== loaded)
    .map(([key, written, loaded]) => ({
      key,
      message: `calibrated for ${written ?? "none"}, but ${loaded ?? "none"} is loaded`,
    }));
}
