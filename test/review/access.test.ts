import type { Request, Response } from "express";
import { expect, test } from "vitest";
import { createAccess, demandLead, sessionOf } from "../../src/review/access.ts";
import type { Session } from "../../src/review/sessions.ts";

const TOKEN = "ab".repeat(32);
const SESSION: Session = { reviewer: "ada", role: "reviewer", csrf: "cd".repeat(32), expiresAt: 1 };
const access = createAccess({ find: (token) => (token === TOKEN ? SESSION : undefined) });

/** Runs the guard; returns the session it left, or the code it refused with. */
function pass(method: string, headers: Record<string, string>): unknown {
  const response = { locals: {} } as Response;
  try {
    void access({ method, headers } as unknown as Request, response, () => undefined);
    return sessionOf(response);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("reading takes a session, changing takes the session's own token as well", () => {
  const cookie = `lensgate_session=${TOKEN}`;
  expect(pass("GET", { cookie })).toBe(SESSION);
  expect(pass("GET", {})).toBe("login_required");
  expect(pass("GET", { cookie: `lensgate_session=${"ff".repeat(32)}` })).toBe("login_required");
  for (const method of ["POST", "DELETE", "PUT", "PATCH"]) {
    expect(pass(method, { cookie })).toBe("invalid_csrf_token");
    expect(pass(method, { cookie, "x-csrf-token": "" })).toBe("invalid_csrf_token");
    expect(pass(method, { cookie, "x-csrf-token": "cd".repeat(31) })).toBe("invalid_csrf_token");
    expect(pass(method, { cookie, "x-csrf-token": "ce".repeat(32) })).toBe("invalid_csrf_token");
    expect(pass(method, { "x-csrf-token": SESSION.csrf })).toBe("login_required");
    expect(pass(method, { cookie, "x-csrf-token": SESSION.csrf })).toBe(SESSION);
  }
});

test("what takes a lead is refused to a reviewer by its name", () => {
  expect(() => demandLead({ role: "reviewer" }, "Writing a threshold")).toThrow("Writing a threshold takes a lead.");
  expect(() => demandLead({ role: "lead" }, "Writing a threshold")).not.toThrow();
});
