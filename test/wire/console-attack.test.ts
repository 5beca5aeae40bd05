import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startAttacked, toAnswer, type Attacked, type Caller } from "../support/attacked-console.ts";
import { sendRaw } from "../support/raw-request.ts";

let desk: Attacked;
let ada: Caller;
let lin: Caller;
let id: string;

beforeAll(async () => {
  desk = await startAttacked();
  id = await desk.flag("Tell me about a dog.");
  [ada, lin] = [await desk.as("ada"), await desk.as("lin")];
});
afterAll(() => desk.stop());

const READING = () => [
  "stats",
  "events",
  "live",
  "items",
  `items/${id}`,
  "statistics",
  "proposals?rate=0.01",
  "audit",
  `../requests/${id}`,
];
const CHANGING = () => [
  "claim",
  ...["heartbeat", "release", "decide", "undo", "note", "revive"].map((verb) => `items/${id}/${verb}`),
  "proposals/dog-watch",
];
const port = () => new URL(desk.console).port;

test("without a session nothing is read, streamed or changed", async () => {
  for (const path of READING()) {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(`${desk.console}/api/review/${path}`, { method });
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get("content-type")).not.toContain("event-stream");
      await response.body?.cancel();
    }
  }
  for (const path of CHANGING()) {
    const options = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    const answer = await toAnswer(await fetch(`${desk.console}/api/review/${path}`, options));
    expect([path, answer.status, answer.code]).toEqual([path, 401, "login_required"]);
  }
});

test("nothing is changed without the token of this very session in its header", async () => {
  const verdict = { verdict: "false_positive" };
  for (const path of CHANGING()) {
    for (const token of ["", "0", lin.csrf, ada.csrf.toUpperCase(), `${ada.csrf} `.repeat(2)]) {
      const answer = await ada.post(
        path,
        { ...verdict, csrf: ada.csrf, "x-csrf-token": ada.csrf },
        { "x-csrf-token": token },
      );
      expect([path, answer.status, answer.code]).toEqual([path, 403, "invalid_csrf_token"]);
    }
    const inQuery = await ada.post(`${path}?x-csrf-token=${ada.csrf}`, verdict, { "x-csrf-token": "" });
    expect(inQuery.status).toBe(403);
  }
  const logout = await fetch(`${desk.console}/api/session`, { method: "DELETE", headers: { cookie: ada.cookie } });
  expect(logout.status).toBe(403);
  expect(await desk.queue.get(id)).toMatchObject({ state: "waiting" });
});

test("a page of another origin reads and changes nothing, and no form can post", async () => {
  for (const origin of [
    "http://evil.example",
    "null",
    `http://127.0.0.1:${port()}.evil.example`,
    "http://127.0.0.1:1",
    "file://",
  ]) {
    for (const path of ["items", "stats"]) {
      const response = await fetch(`${desk.console}/api/review/${path}`, { headers: { ...ada.headers, origin } });
      expect([origin, response.status]).toEqual([origin, 403]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      await response.body?.cancel();
    }
    expect((await ada.post("claim", {}, { origin })).status).toBe(403);
  }
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json, text/plain",
  ])
    expect([type, (await ada.post("claim", "{}", { "content-type": type })).status]).toEqual([type, 415]);
  const login = await sendRaw(desk.console, {
    path: "/api/session",
    headers: { "content-type": "text/plain", origin: desk.console },
    body: '{"name":"ada","password":"ada\'s secret"}',
  });
  expect([login.status, login.headers["set-cookie"]]).toEqual([415, undefined]);
});

test("a host name that is not the console's own is refused, however it is sent", async () => {
  const headers = { cookie: ada.cookie };
  const hosts = [
    "evil.example",
    `evil.example:${port()}`,
    `127.0.0.1:${port()}@evil.example`,
    `127.0.0.1.:${port()}`,
    "127.0.0.1:1",
    `LOCALHOST.evil:${port()}`,
  ];
  for (const host of hosts) {
    const answer = await sendRaw(desk.console, {
      method: "GET",
      path: "/api/review/items",
      headers: { ...headers, host },
    });
    expect([host, answer.status >= 400, answer.body.includes(id)]).toEqual([host, true, false]);
  }
  for (const head of [
    `GET http://evil.example/api/review/items HTTP/1.1\r\nHost: evil.example`,
    `GET /api/review/items HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nHost: evil.example`,
    `GET /api/review/items HTTP/1.0`,
    `GET /api/review/items HTTP/1.1\r\nHost:`,
    `GET /api/review/items HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1:${port()}`,
  ]) {
    const answer = await sendBytes(`${head}\r\nCookie: ${ada.cookie}\r\nConnection: close\r\n\r\n`);
    expect([head, /^HTTP\/1\.1 4\d\d /.test(answer), answer.includes(id)]).toEqual([head, true, false]);
  }
});

test("paths that climb, hide or confuse get nothing but what is there to be had", async () => {
  const climbs = [
    "..",
    "%2e%2e",
    "..%2f..",
    "%2e%2e%2f%2e%2e",
    "..%5c..",
    "....//",
    "..;",
    "%252e%252e",
    "%00",
    ".%00.",
    "%c0%ae%c0%ae",
    "/etc",
    "//etc",
  ];
  const targets = ["package.json", "src/gateway.ts", "etc/passwd", "routes.ts", ".env", "state/lensgate.db"];
  for (const climb of climbs) {
    for (const target of targets) {
      for (const root of ["/review/", "/api/review/items/", "/"]) {
        const path = `${root}${climb}/${target}`;
        const answer = await sendRaw(desk.console, { method: "GET", path, headers: { cookie: ada.cookie } });
        expect([path, answer.status >= 400]).toEqual([path, true]);
        expect(answer.body).not.toMatch(/"dependencies"|root:|import \{|SQLite format/);
      }
    }
  }
  for (const path of [
    "/review/.git/config",
    "/review/%",
    "/review/page.ts",
    "/API/review/items",
    "/api/review/items/",
    `/api/review/items/${id}/`,
    `/api/review//items/${id}`,
  ])
    expect([path, (await sendRaw(desk.console, { method: "GET", path })).status >= 400]).toEqual([path, true]);
});

test("bodies that poison, burst or nest do no harm", async () => {
  const poison = '{"__proto__":{"role":"lead","polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  for (const path of CHANGING()) expect((await ada.post(path, poison)).status).toBeGreaterThanOrEqual(400);
  for (const query of [
    "__proto__[state]=dead",
    "state[__proto__]=x",
    "state=waiting&state=dead",
    "constructor=1",
    "limit=1e9",
    "limit=-1",
    "offset=NaN",
    "detector=%00",
    "minAgeMinutes=Infinity",
  ])
    expect((await ada.get(`items?${query}`)).text).not.toContain("internal_error");
  expect(({} as { readonly polluted?: number }).polluted).toBeUndefined();
  const huge = JSON.stringify({ text: "x".repeat(3_000_000) });
  expect(await ada.post(`items/${id}/note`, huge)).toMatchObject({ status: 413 });
  expect(await ada.post(`items/${id}/note`, { text: "x".repeat(10_001) })).toMatchObject({ status: 400 });
  expect(await ada.post("claim", "[".repeat(100_000))).toMatchObject({ status: 400 });
  expect(await ada.post("claim", '{"traceId":"tr_\\ud800"}')).toMatchObject({ status: 400 });
  for (const body of ["null", "[]", '"x"', "1", "{"])
    expect(await ada.post("claim", body)).toMatchObject({ status: 400 });
  const wide = await sendRaw(desk.console, {
    method: "GET",
    path: "/api/review/items",
    headers: { cookie: "x=".repeat(50_000) },
  });
  expect(wide.status).toBe(431);
  expect((await ada.get("stats")).status).toBe(200);
});

test("odd methods change nothing, and a question for headers alone is answered", async () => {
  for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"]) {
    const headers = { ...ada.headers, "x-http-method-override": "POST" };
    const answer = await sendRaw(desk.console, {
      method,
      path: `/api/review/items/${id}/decide`,
      headers,
      body: '{"verdict":"unsure"}',
    });
    expect([method, answer.status >= 400]).toEqual([method, true]);
  }
  for (const path of ["stats", "items", "events", "live"]) {
    const head = await sendBytes(
      `HEAD /api/review/${path} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nCookie: ${lin.cookie}\r\nConnection: close\r\n\r\n`,
    );
    expect([path, head.split("\r\n")[0]]).toEqual([path, "HTTP/1.1 200 OK"]);
  }
  expect(await desk.queue.get(id)).toMatchObject({ state: "waiting" });
});

/** Sends bytes on a connection of their own and reads to its end, for at most two seconds. */
function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port()), "127.0.0.1");
    let text = "";
    socket.setTimeout(2_000, () => socket.destroy(new Error(`no end of the answer: ${text.slice(0, 200)}`)));
    socket.on("data", (piece) => (text += piece.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}
