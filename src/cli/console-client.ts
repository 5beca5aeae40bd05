import { ERRORS, GatewayError, type ErrorCode } from "../errors.ts";
import type { LiveEvent } from "../review/live-feed.ts";
import { readEvents } from "./event-reader.ts";

/** A login at the console of a running gateway. */
export interface ConsoleClient {
  /** Live requests until the stream ends. Throws `GatewayError`, and an `Error` when nobody answers. */
  watch(signal: AbortSignal): AsyncGenerator<LiveEvent, void>;
  /** Ends the session. Does not throw. */
  logout(): Promise<void>;
}

/** Who logs in where. */
export interface ConsoleLogin {
  /** Like `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly name: string;
  /** Asked for where the console has passwords. */
  readonly password: () => Promise<string>;
}

/** Logs in. Throws `GatewayError` when that is refused, and an `Error` with the cure when nobody answers. */
export async function openConsole({ url, name, password }: ConsoleLogin): Promise<ConsoleClient> {
  const { passwords } = (await (await call(url, "/api/session")).json()) as { readonly passwords: boolean };
  const answer = await call(url, "/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, ...(passwords ? { password: await password() } : {}) }),
  });
  const { session } = (await answer.json()) as { readonly session: { readonly csrf: string } };
  const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
  return {
    async *watch(signal) {
      const { body } = await call(url, "/api/review/live", { headers: { cookie }, signal });
      if (body !== null) yield* readEvents(body) as AsyncGenerator<LiveEvent, void>;
    },
    async logout() {
      const headers = { cookie, "x-csrf-token": session.csrf, "content-type": "application/json" };
      const signal = AbortSignal.timeout(2_000);
      await call(url, "/api/session", { method: "DELETE", headers, body: "{}", signal }).catch(() => undefined);
    },
  };
}

async function call(url: string, path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(`${url}${path}`, { redirect: "error", ...options }).catch((error: unknown) => {
    if (options.signal?.aborted === true) throw error;
    const message = `there is no console at ${url} (cure: start the gateway, or name its console with --url)`;
    throw new Error(message, { cause: error });
  });
  if (!response.ok) throw await readError(response);
  return response;
}

async function readError(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const { error } = (body ?? {}) as { readonly error?: { readonly code?: unknown; readonly message?: unknown } };
  const { code, message } = error ?? {};
  if (isErrorCode(code)) return new GatewayError(code, typeof message === "string" ? message : undefined);
  return new Error(
    `${new URL(response.url).pathname} is answered with status ${response.status}: is this the console?`,
  );
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}
