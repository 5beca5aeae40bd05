import { send, type Question } from "./wire-reply.ts";
import type { LiveGateway } from "./live-gateway.ts";

/** A streamed reply that a test reads chunk by chunk, as long as it likes. */
export interface WireStream {
  readonly headers: Headers;
  /** Tokens that came so far. */
  readonly tokens: number;
  /** Everything that came so far. */
  readonly text: string;
  /** Reads one more piece of the body; false at its end. Rejects when the connection breaks. */
  next(): Promise<boolean>;
  /** Reads until so many tokens came. */
  readTokens(count: number): Promise<void>;
  /** Reads to the end. */
  readToEnd(): Promise<void>;
  /** Hangs up. */
  leave(): void;
}

/** Asks for a stream and returns when its headers came. */
export async function openStream(live: Pick<LiveGateway, "api">, question: Question): Promise<WireStream> {
  const controller = new AbortController();
  const response = await send(live, { ...question, stream: true, signal: controller.signal });
  if (!response.body || response.status !== 200) throw new Error(`no stream came, but ${response.status}`);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  // Every token comes with its log-probability.
  const countTokens = () => text.split('"top_logprobs":').length - 1;
  const stream: WireStream = {
    headers: response.headers,
    get tokens() {
      return countTokens();
    },
    get text() {
      return text;
    },
    async next() {
      const { done, value } = await reader.read();
      if (!done) text += decoder.decode(value, { stream: true });
      return !done;
    },
    async readTokens(count) {
      while (countTokens() < count) if (!(await stream.next())) throw new Error(`the stream ended early: ${text}`);
    },
    async readToEnd() {
      while (await stream.next());
    },
    leave: () => controller.abort(),
  };
  return stream;
}
