import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { checkFields, takeBuiltFields, type UnbuiltFields } from "./fields.ts";
import {
  requireObject,
  SAMPLING_FIELDS,
  samplingSchemas,
  toSharedRequest,
  UNBUILT_FIELDS,
  type GenerationRequest,
} from "./generation-request.ts";
import type { RequestLimits } from "./options.ts";

const UNBUILT_COMPLETION_FIELDS: UnbuiltFields = {
  ...UNBUILT_FIELDS,
  suffix: (value) => value === "",
  echo: (value) => value === false,
  best_of: (value) => value === 1,
};

/** Checks a body of `POST /v1/completions`: one prompt of text. Throws `GatewayError` that names the field. */
export function parseCompletionRequest(body: unknown, limits: RequestLimits): GenerationRequest {
  const built = [...SAMPLING_FIELDS, "prompt", "logprobs"];
  const taken = takeBuiltFields(requireObject(body), { prefix: "", built, unbuilt: UNBUILT_COMPLETION_FIELDS });
  const schema = z.strictObject({
    ...samplingSchemas(limits),
    prompt: z.string().min(1),
    logprobs: z.int().min(0).max(5).optional(),
  });
  const fields = checkFields(schema, "prompt" in taken ? { ...taken, prompt: takePrompt(taken["prompt"]) } : taken);
  return {
    ...toSharedRequest(fields),
    conversation: [{ role: "prompt", content: fields.prompt }],
    ...(fields.logprobs === undefined ? {} : { topLogprobs: fields.logprobs }),
  };
}

function takePrompt(prompt: unknown): unknown {
  if (!Array.isArray(prompt)) return prompt;
  const param = "prompt";
  const items: readonly unknown[] = prompt;
  if (items.some((item) => typeof item === "number" || Array.isArray(item))) {
    throw new GatewayError("unsupported_parameter", "'prompt' as token ids is not supported: send text.", { param });
  }
  if (items.length > 1) {
    throw new GatewayError("unsupported_parameter", "Several prompts in one request are not supported.", { param });
  }
  return items[0];
}
