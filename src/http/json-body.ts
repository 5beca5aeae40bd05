import type { RequestHandler } from "express";
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../errors.ts";
import type { BodyLimits } from "./options.ts";

const UTF8 = ["", "charset=utf-8", 'charset="utf-8"'];

/**
 * Reads a JSON body: `application/json`, at most `bodyBytes`, strict UTF-8, at most `depth` levels. Throws `GatewayError`
 * (415, 413 or 400), or a plain `Error` when the client left. No error quotes the body.
 */
export async function readJsonBody(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  checkHeaders(request);
  const text = decode(await readBytes(request, limits.bodyBytes));
  if (isDeeperThan(text, limits.depth)) {
    throw new GatewayError("invalid_request", `The JSON is nested more than ${limits.depth} levels deep.`);
  }
  try {
    const body: unknown = JSON.parse(text);
    return body;
  } catch {
    // The parser's own message quotes the body.
    throw new GatewayError("invalid_json");
  }
}

/** The same as middleware for requests that carry a body: what it read is `request.body`. */
export function createBodyReader(limits: BodyLimits): RequestHandler {
  return async function readBody(request, _response, next) {
    const mayLackBody = request.method === "DELETE" && !hasBody(request);
    if (!mayLackBody && !["GET", "HEAD", "OPTIONS"].includes(request.method))
      request.body = await readJsonBody(request, limits);
    next();
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function checkHeaders({ headers }: IncomingMessage): void {
  const [type, ...parameters] = (headers["content-type"] ?? "").toLowerCase().replaceAll(/[ \t]/g, "").split(";");
  if (type !== "application/json" || !parameters.every((each) => UTF8.includes(each)))
    throw new GatewayError("unsupported_media_type");
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    throw new GatewayError("unsupported_media_type", "Send the body without a content-encoding.");
  }
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error?: Error): void => {
      request.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
      if (error === undefined) {
        resolve(Buffer.concat(chunks, size));
        return;
      }
      // What still comes is thrown away: a connection cut now would lose the answer.
      request.resume();
      reject(error);
    };
    const tooLarge = (): void => settle(new GatewayError("body_too_large", `The body is larger than ${limit} bytes.`));
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) tooLarge();
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle();
    const onBroken = (): void => settle(new Error("the client left before its body was whole"));
    if (Number(request.headers["content-length"] ?? 0) > limit) tooLarge();
    else request.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
  });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new GatewayError("invalid_json", "The body is not valid UTF-8.");
  }
}

/** Whether brackets outside strings nest deeper than `depth`. One pass, no recursion, before the text is parsed. */
export function isDeeperThan(text: string, depth: number): boolean {
  let level = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") {
      level += 1;
      if (level > depth) return true;
    } else if (character === "}" || character === "]") level -= 1;
  }
  return false;
}
