import type { RequestHandler } from "express";
import { randomBytes } from "node:crypto";

const VISIBLE_ASCII = /^[\x21-\x7e]{1,256}$/;

/** 32 random hex digits. */
export function randomHexId(): string {
  return randomBytes(16).toString("hex");
}

/** Takes the caller's `x-request-id` when it is 1 to 256 visible ASCII characters, else makes a UUID, and answers with it. */
export function createRequestId(randomId: () => string): RequestHandler {
  return function identify(request, response, next) {
    const given = request.headers["x-request-id"];
    const id = typeof given === "string" && VISIBLE_ASCII.test(given) ? given : toUuid(randomId());
    response.setHeader("x-request-id", id);
    next();
  };
}

/** The id that `createRequestId` gave this response. */
export function requestIdOf(response: { getHeader(name: string): unknown }): string {
  const id = response.getHeader("x-request-id");
  return typeof id === "string" ? id : "";
}

/** 32 hex digits as a UUID of version 4. */
export function toUuid(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
