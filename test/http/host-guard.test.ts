import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { ConnectionRules } from "../../src/http/options.ts";
import { startApi } from "./scripted-api.ts";

interface Answer {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function startGuarded(rules: Partial<ConnectionRules> = {}) {
  const { listener } = await startApi(undefined, rules);
  const { port } = listener;
  /** `fetch` sets Host by itself, so this goes lower. */
  const ask = (headers: Record<string, string | string[]>, method = "GET"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request(
        { host: "127.0.0.1", port, path: "/v1/models", method, headers, agent: false },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("end", () => {
            const code = body.startsWith('{"error"') ? (JSON.parse(body).error.code as string) : undefined;
            resolve({ status: response.statusCode, code, headers: response.headers });
          });
        },
      );
      asked.on("error", reject).end();
    });
  return { port, ask };
}

describe("the Host of a loopback listener", () => {
  test.each(["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])("%s with the port may call", async (name) => {
    const { port, ask } = await startGuarded();
    expect((await ask({ host: `${name}:${port}` })).status).toBe(200);
  });

  test.each([
    "evil.example",
    "localhost",
    "localhost:1",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.2",
    "evil.example@localhost",
    "localhost:99999999",
  ])("%s may not", async (host) => {
    const { port, ask } = await startGuarded();
    const withPort = host.includes(":") || host === "localhost" ? host : `${host}:${port}`;
    expect(await ask({ host: withPort })).toMatchObject({ status: 403, code: "forbidden_host" });
  });

  test("a listed name may call, on any port or on the listed one", async () => {
    const { ask } = await startGuarded({ allowedHosts: ["Gateway.example", "other.example:8443"] });
    expect((await ask({ host: "gateway.example" })).status).toBe(200);
    expect((await ask({ host: "gateway.example:443" })).status).toBe(200);
    expect((await ask({ host: "other.example:8443" })).status).toBe(200);
    expect((await ask({ host: "other.example" })).status).toBe(403);
    expect((await ask({ host: "sub.gateway.example" })).status).toBe(403);
  });
});

describe("the Origin", () => {
  test("of the listener's own pages may call, and so may none", async () => {
    const { port, ask } = await startGuarded();
    const host = `127.0.0.1:${port}`;
    expect((await ask({ host })).status).toBe(200);
    expect((await ask({ host, origin: `http://127.0.0.1:${port}` })).status).toBe(200);
    expect((await ask({ host, origin: `http://localhost:${port}` })).status).toBe(200);
  });

  test.each(["http://evil.example", "null", "http://localhost", "file://", "http://localhost.evil.example"])(
    "%s may not",
    async (origin) => {
      const { port, ask } = await startGuarded();
      expect(await ask({ host: `127.0.0.1:${port}`, origin })).toMatchObject({ status: 403, code: "forbidden_origin" });
    },
  );

  test("another port of this machine may not", async () => {
    const { port, ask } = await startGuarded();
    expect((await ask({ host: `localhost:${port}`, origin: `http://localhost:${port + 1}` })).status).toBe(403);
  });

  test("under a listed host name may call, also through a proxy with TLS", async () => {
    const { ask } = await startGuarded({ allowedHosts: ["gateway.example"] });
    expect((await ask({ host: "gateway.example", origin: "https://gateway.example" })).status).toBe(200);
    expect((await ask({ host: "gateway.example", origin: "https://evil.example" })).status).toBe(403);
  });

  test("that is listed may call and is told so, preflight included", async () => {
    const { port, ask } = await startGuarded({ allowedOrigins: ["https://app.example"] });
    const headers = { host: `127.0.0.1:${port}`, origin: "https://app.example" };
    const answer = await ask(headers);
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": "https://app.example", vary: "Origin" });
    const preflight = await ask(
      { ...headers, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
      "OPTIONS",
    );
    expect(preflight.status).toBe(204);
    expect(preflight.headers["access-control-allow-headers"]).toBe("content-type");
  });
});
