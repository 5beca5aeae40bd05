import type { ErrorBody } from "../../src/http/error-response.ts";

/** What a choice of either endpoint may hold, whole or streamed. */
export interface Choice {
  readonly index: number;
  readonly message?: { readonly role: string; readonly content: string };
  readonly delta?: { readonly role?: string; readonly content?: string };
  readonly text?: string;
  readonly finish_reason: string | null;
}

/** A body or a chunk of either endpoint. */
export interface ReplyBody {
  readonly id: string;
  readonly object: string;
  readonly choices?: readonly Choice[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly oversight?: { readonly trace_id: string; readonly action: string; readonly detectors: readonly string[] };
  readonly error?: ErrorBody["error"];
}

/** The body of an answer. */
export async function readBody(response: Response): Promise<ReplyBody> {
  return (await response.json()) as ReplyBody;
}

/** The error of an answer that must be one. */
export async function readError(response: Response): Promise<ErrorBody["error"]> {
  const { error } = await readBody(response);
  if (!error) throw new Error("the answer is no error");
  return error;
}

/** The `data:` lines of a stream's body, parsed, and whether `[DONE]` came last. */
export async function readEvents(
  response: Response,
): Promise<{ readonly chunks: readonly ReplyBody[]; readonly done: boolean }> {
  const events = (await response.text()).split("\n\n").filter((event) => event.startsWith("data: "));
  const done = events.at(-1) === "data: [DONE]";
  const chunks = (done ? events.slice(0, -1) : events).map((event) => JSON.parse(event.slice(6)) as ReplyBody);
  return { chunks, done };
}

/** The text of a stream's chunks. */
export function textOfChunks(chunks: readonly ReplyBody[]): string {
  return chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? choices?.[0]?.text ?? "").join("");
}
