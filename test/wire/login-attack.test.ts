import { afterAll, beforeAll, expect, test } from "vitest";
import { startAttacked, toAnswer, type Attacked } from "../support/attacked-console.ts";
import { until } from "../support/wire-reply.ts";

let desk: Attacked;
beforeAll(async () => {
  desk = await startAttacked();
});
afterAll(() => desk.stop());

const PLANTED = "0".repeat(64);
const cookieOf = (token: string) => `lensgate_session=${token}`;

function logIn(name: string, password: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${desk.console}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ name, password }),
  });
}

/** Whether a cookie is good for anything. */
async function opens(cookie: string): Promise<boolean> {
  return (await toAnswer(await fetch(`${desk.console}/api/review/stats`, { headers: { cookie } }))).status === 200;
}

test("a session that was planted before the login is worth nothing after it", async () => {
  const response = await logIn("ada", "ada's secret", { cookie: cookieOf(PLANTED) });
  const [set = ""] = response.headers.getSetCookie();
  expect(response.status).toBe(200);
  expect(set).toMatch(/^lensgate_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  const [cookie = ""] = set.split(";");
  expect([await opens(cookieOf(PLANTED)), await opens(cookie)]).toEqual([false, true]);
  // Two of the name are none: another program on this host may have set one.
  for (const pair of [`${cookieOf(PLANTED)}; ${cookie}`, `${cookie}; ${cookieOf(PLANTED)}`, `${cookie}; ${cookie}`])
    expect(await opens(pair)).toBe(false);
  // Another login in the same browser ends the one before.
  await logIn("ada", "ada's secret", { cookie });
  expect(await opens(cookie)).toBe(false);
});

test("a logout ends the session, and the stream that it had opened", async () => {
  const ada = await desk.as("ada");
  const stream = await fetch(`${desk.console}/api/review/events`, { headers: { cookie: ada.cookie } });
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  const ended = stream.text();
  const logout = await fetch(`${desk.console}/api/session`, { method: "DELETE", headers: ada.headers });
  expect(logout.status).toBe(200);
  expect(await opens(ada.cookie)).toBe(false);
  expect(await ended).toContain("event: stats");
});

test("guessing is slowed down whatever address or spelling it claims, and the right password waits, too", async () => {
  const codes: (string | undefined)[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const spoof = `10.0.0.${turn}`;
    const headers = {
      "x-forwarded-for": spoof,
      forwarded: `for=${spoof}`,
      "x-real-ip": spoof,
      "true-client-ip": spoof,
    };
    codes.push((await toAnswer(await logIn(turn % 2 === 0 ? "grace" : " grace ", "guess", headers))).code);
  }
  expect(codes).toEqual([...Array<string>(5).fill("login_failed"), ...Array<string>(3).fill("too_many_attempts")]);
  const right = await logIn("grace", "grace's secret");
  expect([right.status, Number(right.headers.get("retry-after")) > 60]).toEqual([429, true]);
  // Others are not kept waiting.
  expect((await logIn("lin", "lin's secret")).status).toBe(200);
});

test("what is no password, name or body of a login is refused alike, and no word of it is logged or kept", async () => {
  const secret = "my-other-secret";
  const bodies = [
    { name: secret, password: "x" },
    { name: "lin", password: secret },
    { name: ["lin"], password: secret },
    { name: "lin", password: { $ne: secret } },
    { name: "lin", password: secret, role: "lead" },
    { name: "lin\u202e", password: secret },
    { name: "__proto__", password: secret },
    { name: "constructor", password: secret },
  ];
  for (const body of bodies) {
    const headers = { "content-type": "application/json" };
    const answer = await toAnswer(
      await fetch(`${desk.console}/api/session`, { method: "POST", headers, body: JSON.stringify(body) }),
    );
    expect([400, 401]).toContain(answer.status);
    expect(answer.text).not.toContain(secret);
  }
  const lin = await desk.as("lin");
  const trail = await until(async () => (await lin.get("audit?limit=200")).text);
  expect(trail).toContain("login_failed");
  expect([trail, desk.lines.join("\n")].filter((text) => text.includes(secret))).toEqual([]);
});
