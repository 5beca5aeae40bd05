import type { ErrorBody } from "../../src/http/error-response.ts";
import { LIVE_MODEL, type LiveGateway } from "./live-gateway.ts";

/** One token of a reply with the bytes that left for it. */
export interface WireToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** What a client got, whether it came whole or as a stream. */
export interface WireReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text of each chunk of a stream; one entry for a whole reply. */
  readonly pieces: readonly string[];
  /** One entry a released token: log-probabilities are always asked for. */
  readonly tokens: readonly WireToken[];
  readonly finishReason: string | null;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly error: ErrorBody["error"] | undefined;
  readonly oversight: { readonly trace_id: string; readonly action: string; readonly detectors: string[] } | undefined;
  /** Whether `[DONE]` was the last event. */
  readonly done: boolean;
}

/** Both ways to ask for a reply. */
export const WAYS = [
  { way: "whole", stream: false },
  { way: "streamed", stream: true },
] as const;

/** What a test asks for. Temperature 0 and few tokens, unless `fields` say otherwise. */
export interface Question {
  readonly content: string;
  readonly policy?: string;
  readonly stream?: boolean;
  readonly fields?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

interface Choice {
  readonly message?: { readonly content: string };
  readonly delta?: { readonly content?: string };
  readonly logprobs?: { readonly content: readonly WireToken[] } | null;
  readonly finish_reason: string | null;
}

interface Body {
  readonly choices?: readonly Choice[];
  readonly usage?: WireReply["usage"];
  readonly error?: ErrorBody["error"];
  readonly oversight?: WireReply["oversight"];
}

/** Asks for a chat and does not read the answer. */
export function send(live: Pick<LiveGateway, "api">, question: Question): Promise<Response> {
  const { content, policy, stream = false, fields, headers, signal } = question;
  return fetch(`${live.api}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-oversight-details": "true",
      ...(policy === undefined ? {} : { "x-oversight-policy": policy }),
      ...headers,
    },
    body: JSON.stringify({
      model: LIVE_MODEL,
      messages: [{ role: "user", content }],
      max_tokens: 8,
      temperature: 0,
      logprobs: true,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      ...fields,
    }),
    ...(signal ? { signal } : {}),
  });
}

/** Asks for a chat and reads the answer to its end. */
export async function ask(live: Pick<LiveGateway, "api">, question: Question): Promise<WireReply> {
  return readReply(await send(live, question));
}

/** Reads an answer to its end. */
export async function readReply(response: Response): Promise<WireReply> {
  const body = await response.text();
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  const events = isStream ? eventsOf(body) : [body];
  const done = events.at(-1) === "[DONE]";
  const bodies = (done ? events.slice(0, -1) : events).map((event) => JSON.parse(event) as Body);
  const choices = bodies.flatMap((each) => each.choices ?? []);
  const pieces = choices.map(({ message, delta }) => message?.content ?? delta?.content ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text: pieces.join(""),
    pieces,
    tokens: choices.flatMap(({ logprobs }) => logprobs?.content ?? []),
    finishReason: choices.map((choice) => choice.finish_reason).findLast((reason) => reason !== null) ?? null,
    usage: bodies.map(({ usage }) => usage ?? null).findLast((usage) => usage !== null) ?? null,
    error: bodies.find(({ error }) => error)?.error,
    oversight: bodies.find(({ oversight }) => oversight)?.oversight,
    done,
  };
}

/** The `data:` of each event; comments are left out. */
export function eventsOf(text: string): string[] {
  return text
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => event.slice(6));
}

/** The id under which a reply is recorded. */
export function traceIdOf({ headers }: Pick<WireReply, "headers">): string {
  return headers.get("x-oversight-trace-id") ?? "";
}

/** Waits until something is so, looking every 10 ms; throws after `limitMs`. */
export async function until<Value>(look: () => Value | Promise<Value>, limitMs = 10_000): Promise<NonNullable<Value>> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > giveUpAt) throw new Error(`it was not so within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
