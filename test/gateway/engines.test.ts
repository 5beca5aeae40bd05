import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import type { Definitions } from "../../src/gateway/definitions.ts";
import { createEngines, type EnginesParts } from "../../src/gateway/engines.ts";
import { noteLog } from "../support/live-gateway.ts";
import { TINY_PROMPTS } from "../support/tiny-reader.ts";
import { runEnd, scriptedRun } from "../trace/scripted-run.ts";
import { fakeEngine, type FakeEngine } from "./fake-engine.ts";

const DEFINITIONS = {
  config: { policies: {}, detectorsFolder: "/d", file: "gateway.yaml" },
  detectors: [],
  hash: "aa",
  engineHash: "bb",
} as unknown as Definitions;

function setUp(make: () => FakeEngine = fakeEngine, changes: Partial<EnginesParts> = {}) {
  const made: FakeEngine[] = [];
  const lines: string[] = [];
  const engines = createEngines({
    log: noteLog(lines),
    model: { prompts: TINY_PROMPTS } as unknown as EnginesParts["model"],
    open() {
      const engine = make();
      made.push(engine);
      return engine;
    },
    ...changes,
  });
  return { engines, made, lines };
}

test("a second engine stands beside the first once it is ready and has judged a sentence", async () => {
  const { engines, made } = setUp();
  const first = engines.start(DEFINITIONS);
  const second = await engines.replace(DEFINITIONS);
  expect([first.engineHash, second.engineHash]).toEqual(["bb", "bb"]);
  expect(made.map(({ closed, reads }) => [closed, reads.length])).toEqual([
    [false, 0],
    [false, 1],
  ]);
});

test.each<[string, () => FakeEngine, RegExp]>([
  [
    "does not start",
    () => fakeEngine({ ready: Promise.reject(new Error("no such graph")) }),
    /does not work: no such graph/,
  ],
  ["is not ready in time", () => fakeEngine({ ready: new Promise(() => undefined) }), /was not ready after 0\.05 s/],
  [
    "breaks on a sentence",
    () => fakeEngine({ read: () => scriptedRun([runEnd("failed", { scores: [] })]) }),
    /breaks on an ordinary sentence/,
  ],
])("an engine that %s is closed again, and the problem is told", async (_what, make, says) => {
  const { engines, made } = setUp(make, { readyLimitMs: 50 });
  const error: unknown = await engines.replace(DEFINITIONS).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatch(says);
  expect(made[0]?.closed).toBe(true);
});

test("an engine is closed when it is empty, or after the limit, which is told", async () => {
  const { engines, made, lines } = setUp();
  const [one, two] = [engines.start(DEFINITIONS), engines.start(DEFINITIONS)];
  if (made[1]) made[1].live = 3;
  await engines.retire(one, 10_000);
  expect(lines).toEqual([]);
  await engines.retire(two, 60);
  expect(lines.join()).toContain('an earlier engine is closed under its replies  {"live":3}');
  expect(made.map(({ closed }) => closed)).toEqual([true, true]);
});

test("a further engine waits while two are not empty yet", async () => {
  const { engines, made } = setUp();
  for (const seat of [engines.start(DEFINITIONS), engines.start(DEFINITIONS)]) {
    for (const engine of made) engine.live = 1;
    void engines.retire(seat, 60_000);
  }
  let isThere = false;
  const third = engines.replace(DEFINITIONS).then(() => (isThere = true));
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect([isThere, made.length]).toEqual([false, 2]);
  if (made[0]) made[0].live = 0;
  await third;
  expect(made.map(({ closed }) => closed)).toEqual([true, false, false]);
});

test("closing closes all of them, one that is being made ready too, and starts no other", async () => {
  const { engines, made } = setUp(() => fakeEngine({ ready: new Promise(() => undefined) }), { readyLimitMs: 100 });
  engines.start(DEFINITIONS);
  const replaced = engines.replace(DEFINITIONS);
  await engines.close();
  expect(made.map(({ closed }) => closed)).toEqual([true, true]);
  await expect(replaced).rejects.toThrow(ConfigError);
  expect(() => engines.start(DEFINITIONS)).toThrow("the gateway is stopping");
});
