import type { Request, Response } from "express";

const NAME = "lensgate_session";
const TOKEN = /^[0-9a-f]{64}$/;

/** The session token of a request's cookie. Undefined when there is none, or several: another program on this host may have set one. */
export function readSessionCookie(request: Pick<Request, "headers">): string | undefined {
  const values = (request.headers.cookie ?? "").split(";").flatMap((part) => {
    const [name = "", ...value] = part.split("=");
    return name.trim() === NAME ? [value.join("=").trim()] : [];
  });
  const [token = ""] = values;
  return values.length === 1 && TOKEN.test(token) ? token : undefined;
}

/** Sets the cookie for so many milliseconds; 0 takes it away. Scripts cannot read it and other sites cannot send it. */
export function writeSessionCookie(request: Request, response: Response, { token = "", lastsMs = 0 } = {}): void {
  const parts = [`${NAME}=${token}`, "Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${Math.floor(lastsMs / 1_000)}`];
  // Behind a proxy that speaks TLS the browser itself says so.
  if (request.headers.origin?.startsWith("https://") === true) parts.push("Secure");
  response.setHeader("set-cookie", parts.join("; "));
}
