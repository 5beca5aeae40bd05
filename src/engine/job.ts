import { GatewayError } from "../errors.ts";
import type { GenerateRequest, ReadRequest } from "./engine.ts";

/** A request with its verb. */
export type Job =
  | { readonly verb: "generate"; readonly request: GenerateRequest }
  | { readonly verb: "read"; readonly request: ReadRequest };

/** What a job must fit. */
export interface JobLimits {
  readonly contextTokens: number;
  readonly vocabulary: number;
}

/**
 * Refuses what could not run, or would run without being judged as asked. Throws `GatewayError`
 * `context_length_exceeded`, and a plain `Error` where the caller in this process is at fault.
 */
export function checkJob(job: Job, { contextTokens, vocabulary }: JobLimits): void {
  const { request } = job;
  const { prompt, judged } = request;
  if (prompt.length === 0) throw new Error("the prompt is empty, so there is no position to judge or to go on from");
  // A missing entry would read as "not judged".
  if (judged.length !== prompt.length) {
    throw new Error(`the mask of judged positions has ${judged.length} entries, the prompt ${prompt.length}`);
  }
  const forced = job.verb === "read" ? job.request.forced : new Int32Array(0); // [forced]
  for (const ids of [prompt, forced]) {
    const stranger = ids.find((id) => id < 0 || id >= vocabulary);
    if (stranger !== undefined) throw new Error(`token ${stranger} is not in the vocabulary of ${vocabulary}`);
  }
  if (job.verb === "generate") checkGenerate(job.request);
  const tokens = prompt.length + forced.length;
  if (tokens > contextTokens) {
    throw new GatewayError(
      "context_length_exceeded",
      `The request has ${tokens} tokens, one may hold ${contextTokens}.`,
    );
  }
}

function checkGenerate({ maxTokens, stop }: GenerateRequest): void {
  if (!Number.isInteger(maxTokens) || maxTokens < 0)
    throw new Error(`maxTokens is ${maxTokens}, not a whole number of tokens`);
  if (stop.includes("")) throw new Error("a stop string is empty, so nothing could be written");
}
