import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { createReloader, type ReloadOutcome } from "../../src/gateway/reloader.ts";

type Loaded = Extract<ReloadOutcome, { ok: true }>;
const LOADED: Loaded = { ok: true, hash: "aa", engine: "kept", changed: [] };

/** A reloader whose loads end when a test says so. */
function setUp() {
  const told: ReloadOutcome[] = [];
  const waiting: { resolve(loaded: Loaded): void; reject(error: unknown): void }[] = [];
  const reloader = createReloader({
    load: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    tell: async (outcome) => void told.push(outcome),
    file: "gateway.yaml",
  });
  const turn = () => new Promise(setImmediate);
  return { reloader, told, waiting, turn };
}

test("what is asked for while one is under way is done after it, once", async () => {
  const { reloader, waiting, told, turn } = setUp();
  const first = reloader.reload();
  const [second, third] = [reloader.reload(), reloader.reload()];
  expect(waiting).toHaveLength(1);
  waiting[0]?.resolve(LOADED);
  expect(await first).toBe(LOADED);
  await turn();
  expect(waiting).toHaveLength(2);
  const fourth = reloader.reload();
  waiting[1]?.resolve({ ...LOADED, hash: "bb" });
  expect([await second, await third]).toEqual([
    { ...LOADED, hash: "bb" },
    { ...LOADED, hash: "bb" },
  ]);
  await turn();
  expect(waiting).toHaveLength(3);
  waiting[2]?.resolve(LOADED);
  await fourth;
  await turn();
  void reloader.reload();
  expect(waiting).toHaveLength(4);
  expect(told).toHaveLength(3);
});

test("what goes wrong is an outcome with its problems, and the next one may go well", async () => {
  const { reloader, waiting, told, turn } = setUp();
  const problem = { file: "gateway.yaml", message: "is not right", cure: "mend it" };
  const first = reloader.reload();
  waiting[0]?.reject(new ConfigError([problem]));
  expect(await first).toEqual({ ok: false, problems: [problem] });
  await turn();
  const second = reloader.reload();
  waiting[1]?.reject(new TypeError("undefined is no function"));
  expect(await second).toMatchObject({
    ok: false,
    problems: [{ file: "gateway.yaml", message: "could not be loaded: undefined is no function" }],
  });
  await turn();
  const third = reloader.reload();
  waiting[2]?.resolve(LOADED);
  expect(await third).toBe(LOADED);
  expect(told.map(({ ok }) => ok)).toEqual([false, false, true]);
});

test("closing waits for what is under way, tells nothing of it, and reads nothing more", async () => {
  const { reloader, waiting, told } = setUp();
  const [first, second] = [reloader.reload(), reloader.reload()];
  const closed = reloader.close();
  waiting[0]?.reject(new Error("the engine was closed before it was ready"));
  expect(await first).toMatchObject({ ok: false });
  expect(await second).toMatchObject({ ok: false, problems: [{ message: "the gateway is stopping" }] });
  await closed;
  expect(await reloader.reload()).toMatchObject({ ok: false });
  expect([waiting.length, told.length]).toEqual([1, 0]);
});
