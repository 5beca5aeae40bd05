import type { RequestHandler } from "express";
import type { Socket } from "node:net";
import { GatewayError } from "../errors.ts";
import type { ConnectionRules } from "./options.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-][a-z0-9._-]{0,252})(?::(\d{1,5}))?$/;
const EXPOSED_HEADERS = [
  "x-request-id",
  ...["trace-id", "policy", "release", "action"].map((name) => `x-oversight-${name}`),
  ...["limit", "remaining", "reset"].flatMap((name) => [`x-ratelimit-${name}-requests`, `x-ratelimit-${name}-tokens`]),
  "retry-after",
  "retry-after-ms",
].join(", ");
const PREFLIGHT_SECONDS = 600;

interface Authority {
  readonly name: string;
  readonly port: number | undefined;
}

/**
 * Refuses a Host that is neither the listener's own address nor listed, and an Origin that is neither the listener's own
 * nor listed. A web page that rebinds its name to this address sends its own name as Host: that is what this is for.
 */
export function createHostGuard({ allowedHosts, allowedOrigins }: ConnectionRules): RequestHandler {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));

  return function guardHost(request, response, next) {
    const given = request.headersDistinct["host"] ?? [];
    const host = given[0]?.toLowerCase() ?? "";
    const authority = given.length === 1 ? parseAuthority(host) : undefined;
    if (!authority || !(isOwn(authority, request.socket) || isListed(authority, hosts))) {
      const message = `The Host "${host.slice(0, 100)}" is not on the allow-list; an operator can add it to allowed_hosts.`;
      throw new GatewayError("forbidden_host", message);
    }
    const origin = request.headers.origin?.toLowerCase();
    if (origin === undefined) {
      next();
      return;
    }
    const listed = origins.has(origin);
    if (!listed && !isSameOrigin(origin, host, request.socket)) {
      const message = `The Origin "${origin.slice(0, 100)}" may not call the gateway; an operator can add it to allowed_origins.`;
      throw new GatewayError("forbidden_origin", message);
    }
    response.setHeader("vary", "Origin");
    if (listed) {
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
      if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
        response.setHeader("access-control-allow-methods", "GET, POST");
        response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "");
        response.setHeader("access-control-max-age", String(PREFLIGHT_SECONDS));
        response.status(204).end();
        return;
      }
    }
    next();
  };
}

function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (!match) return undefined;
  const [, name = "", port] = match;
  return { name, port: port === undefined ? undefined : Number(port) };
}

/** The address that the connection came in on can not be rebound: the client dialled it. */
function isOwn({ name, port }: Authority, { localAddress = "", localPort }: Socket): boolean {
  if ((port ?? 80) !== localPort) return false;
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/, "");
  const literal = address.includes(":") ? `[${address}]` : address;
  const isLoopback = literal === "[::1]" || literal.startsWith("127.");
  return name === literal || (isLoopback && LOOPBACK_NAMES.includes(name));
}

function isListed({ name, port }: Authority, hosts: ReadonlySet<string>): boolean {
  return hosts.has(name) || (port !== undefined && hosts.has(`${name}:${port}`));
}

/** A page that the listener, or a proxy before it under the same name, served itself. */
function isSameOrigin(origin: string, host: string, socket: Socket): boolean {
  const match = /^(https?):\/\/(.+)$/.exec(origin);
  const [, scheme, rest = ""] = match ?? [];
  if (!match) return false;
  const authority = parseAuthority(rest);
  return rest === host || (scheme === "http" && authority !== undefined && isOwn(authority, socket));
}
