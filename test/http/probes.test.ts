import { expect, test } from "vitest";
import { startApi } from "./scripted-api.ts";
import { scriptedEngine } from "./scripted-engine.ts";

test.each([
  ["ready", 200],
  ["loading", 503],
  ["restarting", 503],
  ["closed", 503],
] as const)("an engine that is %s makes /readyz %i, and /livez stays 200", async (state, status) => {
  const { engine } = scriptedEngine([], { state });
  const { url, lines, rejections } = await startApi([], { engine });
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(status);
  expect(ready.headers.get("cache-control")).toBe("no-store");
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(lines.filter(({ level }) => level !== "debug")).toEqual([]);
  expect(rejections).toEqual([]);
});

test("probes need no key", async () => {
  const keys = [{ id: "k", sha256: "00".repeat(32), mayTighten: false }];
  const { url } = await startApi([], { keys });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/v1/models`)).status).toBe(401);
});
