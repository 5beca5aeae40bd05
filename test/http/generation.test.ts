import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readError } from "./reply-bodies.ts";
import { eventually, startApi } from "./scripted-api.ts";

const CHAT = "/v1/chat/completions";

test("fields at their harmless values are let pass", async () => {
  const api = await startApi();
  const harmless = {
    n: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    logit_bias: {},
    user: "u",
    metadata: { a: "b" },
    store: false,
    tools: [],
    tool_choice: "none",
    response_format: { type: "text" },
    modalities: ["text"],
    temperature: null,
    stop: null,
    tools_unset: undefined,
    service_tier: "auto",
  };
  expect((await api.chat(harmless)).status).toBe(200);
  expect((await api.complete({ n: 1, echo: false, best_of: 1, suffix: null })).status).toBe(200);
});

describe("keys", () => {
  const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
  const keys = [
    { id: "tight", sha256: sha256("tight-key"), policy: "demo", mayTighten: false },
    { id: "free", sha256: sha256("free-key"), mayTighten: true },
    { id: "other", sha256: sha256("other-key"), mayTighten: false, models: ["another-model"] },
    { id: "watch", sha256: sha256("watch-key"), policy: "monitor", mayTighten: true },
  ];
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

  test("a missing or wrong key is 401 before the body is read", async () => {
    const api = await startApi(undefined, { keys });
    for (const headers of [{}, bearer("wrong"), { authorization: "Basic dGlnaHQta2V5" }]) {
      const response = await api.post(CHAT, "not json", headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await readError(response)).toMatchObject({
        code: "invalid_api_key",
        type: "authentication_error",
      });
    }
    expect(JSON.stringify(api.lines)).not.toContain("wrong");
  });

  test("a key runs under its own policy and is named in the trace head, never told", async () => {
    const api = await startApi(undefined, { keys });
    const response = await api.chat({}, bearer("tight-key"));
    expect([response.status, response.headers.get("x-oversight-policy")]).toEqual([200, "demo"]);
    await eventually(() => api.outcomes[0]);
    expect(JSON.stringify(api.lines)).not.toContain("tight-key");
  });

  test("a key that may not tighten may not name a policy, and none may loosen", async () => {
    const api = await startApi(undefined, { keys });
    expect((await api.chat({}, { ...bearer("tight-key"), "x-oversight-policy": "strict" })).status).toBe(403);
    expect((await api.chat({}, { ...bearer("free-key"), "x-oversight-policy": "strict" })).status).toBe(200);
    expect((await api.chat({}, { ...bearer("free-key"), "x-oversight-policy": "monitor" })).status).toBe(403);
    expect((await api.chat({}, { ...bearer("watch-key"), "x-oversight-policy": "demo" })).status).toBe(200);
  });

  test("a model that the key may not use does not exist for it", async () => {
    const api = await startApi(undefined, { keys });
    const response = await api.chat({}, bearer("other-key"));
    expect([response.status, (await readError(response)).code]).toEqual([404, "model_not_found"]);
  });
});

test("no prompt and no reply text is ever logged", async () => {
  const api = await startApi();
  const marker = "zebra-marker";
  await api.chat({ messages: [{ role: "user", content: marker }] });
  await api.chat({ messages: [{ role: "user", content: marker }], temperature: marker });
  await api.post(CHAT, `{"messages": ${marker}}`);
  await api.complete({ prompt: marker, n: 9 });
  await eventually(() => api.outcomes[3]);
  expect(api.lines).toHaveLength(4);
  expect(JSON.stringify(api.lines)).not.toMatch(/zebra|Hello/);
});

test("while the gateway drains new work is refused and connections are closed", async () => {
  let draining = false;
  const api = await startApi(undefined, { isDraining: () => draining });
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  draining = true;
  const response = await api.chat();
  expect([response.status, response.headers.get("connection")]).toEqual([503, "close"]);
  expect((await readError(response)).code).toBe("not_ready");
  expect((await fetch(`${api.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${api.url}/livez`)).status).toBe(200);
});
