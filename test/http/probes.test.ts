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

const HEALTH = { queue: "bullmq", state: "unreachable", since: "2030-01-01T00:00:00.000Z" } as const;

test("/readyz tells how the way to review is, and is 503 only while what would be flagged is refused", async () => {
  const answer = async (waiting: number, refuses: boolean) => {
    const reviewHealth = () => ({ ...HEALTH, outbox: { waiting, limit: 10 }, refuses });
    const { url } = await startApi([], { reviewHealth });
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, body: (await response.json()) as object };
  };
  expect(await answer(3, false)).toMatchObject({
    status: 200,
    body: { status: "ready", review: { state: "unreachable", outbox: { waiting: 3, limit: 10 } } },
  });
  expect(await answer(10, true)).toMatchObject({
    status: 503,
    body: {
      error: { code: "not_ready", message: expect.stringContaining("10 of 10 flagged replies wait") },
      review: HEALTH,
    },
  });
});
