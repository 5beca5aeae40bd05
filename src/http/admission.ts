import type { Request, Response } from "express";
import { detectorsOf, type Policy } from "../decide/policy.ts";
import type { GenerateRequest } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import type { TraceHead } from "../trace/trace.ts";
import type { Account } from "./account.ts";
import { openAllowance } from "./allowance.ts";
import type { Authenticate } from "./authenticator.ts";
import type { Endpoint } from "./endpoint.ts";
import type { GenerationRequest } from "./generation-request.ts";
import { readJsonBody } from "./json-body.ts";
import { allowsModel } from "./models.ts";
import type { ApiKey, PublicParts } from "./options.ts";
import { choosePolicy, releaseModeOf } from "./policy-choice.ts";
import type { Allowance } from "./rate-limits.ts";
import type { ReplyFacts } from "./reply-shape.ts";
import { requestIdOf } from "./request-id.ts";

/** A request that may run. */
export interface Admitted {
  readonly policy: Policy;
  readonly run: GenerateRequest;
  /** What its caller may still use. */
  readonly allowance: Pick<Allowance, "reserve">;
  readonly head: TraceHead;
  readonly facts: ReplyFacts;
  readonly stream: boolean;
  /** Whether the client asked for the `oversight` object. */
  readonly withDetails: boolean;
}

/** Bytes to a checked request: key, readiness, limits, policy, body, model, prompt, context. Throws `GatewayError` at the first that fails. */
export async function admit(
  parts: PublicParts,
  context: {
    readonly endpoint: Endpoint;
    readonly authenticate: Authenticate;
    readonly account: Pick<Account, "called">;
    readonly request: Request;
    readonly response: Response;
  },
): Promise<Admitted> {
  const { endpoint, request, response } = context;
  const key = context.authenticate(request.headers.authorization);
  context.account.called(key?.id);
  if (parts.isDraining()) throw new GatewayError("not_ready", "The gateway is draining; send the request again.");
  const allowance = openAllowance(parts, key, response);
  // Strictness is compared before anybody's override: it loosens whatever was chosen.
  const policy = parts.loosen(choosePolicy(parts, key, headerOf(request, "x-oversight-policy")));
  response.setHeader("x-oversight-policy", policy.name);
  response.setHeader("x-oversight-release", releaseModeOf(policy));
  const asked = endpoint.parse(await readJsonBody(request, parts.limits), parts.limits);
  if (asked.model !== parts.engine.model.name || !allowsModel(key, asked.model)) {
    throw new GatewayError("model_not_found", "There is no such model, or this key may not use it.", {
      param: "model",
    });
  }
  const given = { endpoint, asked, policy };
  // A caller may send one request id twice, so a run is known by its trace.
  const run = toRun(parts, { ...given, id: `tr_${parts.randomId()}` });
  const head = toHead(parts, { ...given, key, run, requestId: requestIdOf(response) });
  response.setHeader("x-oversight-trace-id", head.id);
  const facts = {
    id: `${endpoint.idPrefix}${parts.randomId()}`,
    created: Math.floor(parts.clock() / 1000),
    model: asked.model,
    withLogprobs: asked.topLogprobs !== undefined,
    includeUsage: asked.includeUsage,
  };
  const withDetails = headerOf(request, "x-oversight-details") === "true";
  return { policy, run, allowance, head, facts, stream: asked.stream, withDetails };
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly asked: GenerationRequest;
  readonly policy: Policy;
}

function toRun(parts: PublicParts, { endpoint, asked, policy, id }: Asked & { id: string }): GenerateRequest {
  const prompt = endpoint.encode(parts.prompts, asked);
  const seed = asked.sampling.seed ?? Number.parseInt(parts.randomId().slice(0, 8), 16);
  return {
    id,
    prompt: prompt.ids,
    judged: policy.promptScope === "all" ? prompt.judgedAll : prompt.judgedNew,
    policy,
    deadlineMs: parts.timeouts.totalMs,
    sampling: { ...asked.sampling, seed },
    maxTokens: fitTokens(parts, {
      maxTokens: asked.maxTokens,
      promptTokens: prompt.ids.length,
      field: endpoint.promptField,
    }),
    stop: asked.stop,
    ...(asked.topLogprobs === undefined ? {} : { topLogprobs: asked.topLogprobs }),
  };
}

interface Fit {
  readonly maxTokens: number | undefined;
  readonly promptTokens: number;
  readonly field: string;
}

/** How many tokens the reply may have. */
function fitTokens({ engine, limits }: PublicParts, { maxTokens, promptTokens, field }: Fit): number {
  const { contextTokens } = engine.model;
  if (promptTokens === 0) throw new GatewayError("invalid_request", "The prompt has no tokens.", { param: field });
  if (promptTokens + (maxTokens ?? 1) > contextTokens) {
    const reply = maxTokens === undefined ? "no room for a reply" : `${maxTokens} for the reply`;
    const message = `The context is ${contextTokens} tokens; the request has ${promptTokens} in the prompt and ${reply}.`;
    // Where not even one token of a reply fits, a smaller max_tokens is no cure.
    throw new GatewayError("context_length_exceeded", message, {
      param: promptTokens + 1 > contextTokens ? field : "max_tokens",
    });
  }
  if (maxTokens !== undefined && maxTokens > limits.maxTokens) {
    const message = `'max_tokens' is at most ${limits.maxTokens} here.`;
    throw new GatewayError("invalid_request", message, { param: "max_tokens" });
  }
  return maxTokens ?? Math.min(contextTokens - promptTokens, limits.maxTokens);
}

function toHead(
  parts: PublicParts,
  given: Asked & { key: ApiKey | undefined; run: GenerateRequest; requestId: string },
): TraceHead {
  const { endpoint, asked, policy, key, run, requestId } = given;
  const { name, sha256, precision } = parts.engine.model;
  const running = detectorsOf(policy);
  const ran = parts.detectors.filter(({ id }) => running.includes(id));
  return {
    id: run.id,
    requestId,
    createdAt: parts.clock(),
    endpoint: endpoint.name,
    model: { name, sha256, precision },
    policy: policy.name,
    mode: policy.mode,
    conversation: asked.conversation,
    keyId: key?.id ?? null,
    detectorHashes: Object.fromEntries(ran.map(({ id, hash }) => [id, hash])),
    maxTokens: run.maxTokens,
  };
}

function headerOf(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
