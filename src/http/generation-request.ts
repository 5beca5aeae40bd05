import { z } from "zod";
import type { Sampling } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import type { Turn } from "../trace/trace.ts";
import { isObject, type UnbuiltFields } from "./fields.ts";
import type { RequestLimits } from "./options.ts";

/** A checked request of either endpoint, in lensgate's own words. */
export interface GenerationRequest {
  readonly model: string;
  readonly conversation: readonly Turn[];
  /** Absent: as many as fit. */
  readonly maxTokens?: number;
  /** Without a seed one is drawn. */
  readonly sampling: Omit<Sampling, "seed"> & { readonly seed?: number };
  readonly stop: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Alternatives for each token; absent: no log-probabilities. */
  readonly topLogprobs?: number;
}

const isEmptyObject = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;

/** What both endpoints of the OpenAI API know and lensgate has not built. */
export const UNBUILT_FIELDS: UnbuiltFields = {
  n: (value) => value === 1,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  logit_bias: isEmptyObject,
  user: (value) => typeof value === "string",
};

/** Fields of both endpoints that are built. */
export const SAMPLING_FIELDS = [
  "model",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "stop",
  "stream",
  "stream_options",
] as const;

/** Schemas of `SAMPLING_FIELDS`. */
export function samplingSchemas(limits: RequestLimits) {
  const stop = z.string().min(1).max(limits.stopLength);
  return {
    model: z.string().min(1).max(256),
    max_tokens: z.int().min(1).optional(),
    temperature: z.number().min(0).max(2).default(1),
    top_p: z.number().min(0).max(1).default(1),
    top_k: z.int().min(0).default(0),
    seed: z.int().optional(),
    stop: z.union([stop, z.array(stop).max(limits.maxStop)]).optional(),
    stream: z.boolean().default(false),
    stream_options: z
      .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
      .optional(),
  };
}

/** What the schemas give. */
export interface SamplingFields {
  readonly model: string;
  readonly max_tokens?: number | undefined;
  readonly temperature: number;
  readonly top_p: number;
  readonly top_k: number;
  readonly seed?: number | undefined;
  readonly stop?: string | readonly string[] | undefined;
  readonly stream: boolean;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | undefined;
}

/** The shared part of a request, put into lensgate's own words. */
export function toSharedRequest(fields: SamplingFields): Omit<GenerationRequest, "conversation"> {
  const { stop = [], seed, max_tokens: maxTokens } = fields;
  if (fields.stream_options && !fields.stream) {
    throw new GatewayError("invalid_request", "'stream_options' is only for 'stream': true.", {
      param: "stream_options",
    });
  }
  return {
    model: fields.model,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    sampling: {
      temperature: fields.temperature,
      topP: fields.top_p,
      topK: fields.top_k,
      ...(seed === undefined ? {} : { seed }),
    },
    stop: typeof stop === "string" ? [stop] : stop,
    stream: fields.stream,
    includeUsage: fields.stream_options?.include_usage === true,
  };
}

/** The body as an object; throws `invalid_request` for anything else. */
export function requireObject(body: unknown): Readonly<Record<string, unknown>> {
  if (isObject(body)) return body;
  throw new GatewayError("invalid_request", "The body must be a JSON object.");
}
