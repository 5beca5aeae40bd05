import { expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { describeFault, errorBodyOf, logError, toGatewayError } from "../../src/http/error-response.ts";
import { notingLog } from "./noting-observer.ts";

test("an error body has message, type, param and code", () => {
  const error = new GatewayError("unsupported_parameter", "No 'n'.", { param: "n" });
  expect(errorBodyOf(error)).toEqual({
    error: { message: "No 'n'.", type: "invalid_request_error", param: "n", code: "unsupported_parameter" },
  });
});

test("what is no error of the table is an internal one that tells nothing", () => {
  expect(errorBodyOf(toGatewayError(new Error("secret"))).error.message).not.toContain("secret");
  expect(toGatewayError("text").code).toBe("internal_error");
  expect(toGatewayError(Object.assign(new Error("x"), { status: 400 })).code).toBe("invalid_request");
});

test("a fault is described by name and place, without its message", () => {
  const { fault, at } = describeFault(new TypeError("the prompt\nwas: secret"));
  expect(fault).toBe("TypeError");
  expect(at.length).toBeGreaterThan(0);
  expect(at.join()).not.toContain("secret");
  expect(describeFault("secret")).toEqual({ fault: "string", at: [] });
});

test.each([
  ["content_filter", "warn"],
  ["invalid_json", "info"],
  ["overloaded", "error"],
  ["internal_error", "error"],
] as const)("%s is logged as %s", (code, level) => {
  const { log, lines } = notingLog();
  logError(log, new GatewayError(code), { requestId: "r" });
  expect(lines).toEqual([expect.objectContaining({ level, code, requestId: "r" })]);
});
