import type { Request, Response } from "express";
import { expect, test } from "vitest";
import { readSessionCookie, writeSessionCookie } from "../../src/review/session-cookie.ts";

const TOKEN = "0a".repeat(32);
const read = (cookie?: string) => readSessionCookie({ headers: cookie === undefined ? {} : { cookie } });

function write(origin: string | undefined, options: { token?: string; lastsMs?: number }): string {
  let written = "";
  const request = { headers: origin === undefined ? {} : { origin } } as Request;
  const response = { setHeader: (_name: string, value: string) => (written = value) } as unknown as Response;
  writeSessionCookie(request, response, options);
  return written;
}

test("the session's cookie is found among others", () => {
  expect(read(`lensgate_session=${TOKEN}`)).toBe(TOKEN);
  expect(read(`a=b; lensgate_session=${TOKEN} ;c=d`)).toBe(TOKEN);
});

test("no cookie, one that is no token, and two of them are no session", () => {
  const others = [undefined, "", "a=b", "lensgate_session", "lensgate_session=", `lensgate_session=${TOKEN}0`];
  for (const cookie of [...others, `xlensgate_session=${TOKEN}`, `lensgate_session=${TOKEN}=`])
    expect(read(cookie)).toBeUndefined();
  expect(read(`lensgate_session=${TOKEN}; lensgate_session=${"0b".repeat(32)}`)).toBeUndefined();
});

test("scripts cannot read the cookie, other sites cannot send it, and behind TLS it stays there", () => {
  const plain = `lensgate_session=${TOKEN}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60`;
  expect(write(undefined, { token: TOKEN, lastsMs: 60_999 })).toBe(plain);
  expect(write("http://127.0.0.1:8081", { token: TOKEN, lastsMs: 60_000 })).toBe(plain);
  expect(write("https://desk.example", { token: TOKEN, lastsMs: 60_000 })).toBe(`${plain}; Secure`);
  expect(write(undefined, {})).toBe("lensgate_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
});
