import { request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import type { ErrorBody } from "../../src/http/error-response.ts";

/** A request as it goes over the wire, also where `fetch` would correct it. */
export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** An answer; `error` is that of its body, if it has one. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly error: ErrorBody["error"] | undefined;
}

/** Sends a request on a connection of its own. */
export function sendRaw(url: string, { method = "POST", path = "/", headers = {}, body = "" }: RawRequest) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, body: text, error: errorIn(text) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function errorIn(text: string): ErrorBody["error"] | undefined {
  if (!text.startsWith("{")) return undefined;
  return (JSON.parse(text) as Partial<ErrorBody>).error;
}
