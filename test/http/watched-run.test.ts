import { expect, test } from "vitest";
import type { GenerateRequest, RunEvent } from "../../src/engine/engine.ts";
import { watchRun } from "../../src/http/watched-run.ts";
import { HELLO, scriptedEngine, stalledRun } from "./scripted-engine.ts";

test("every event is seen before the consumer gets it, and nothing of the run changes", async () => {
  const { engine } = scriptedEngine(HELLO);
  const told: string[] = [];
  const run = watchRun(engine.generate({ id: "r" } as GenerateRequest), {
    see: ({ type }) => told.push(`saw ${type}`),
  });
  const events = [];
  for await (const event of run) {
    told.push(`got ${event.type}`);
    events.push(event);
  }
  expect(events).toEqual(HELLO);
  expect(told).toEqual(HELLO.flatMap(({ type }) => [`saw ${type}`, `got ${type}`]));
});

test("a run that is cancelled is cancelled below, and its end is still seen", async () => {
  const seen: RunEvent[] = [];
  const run = watchRun(stalledRun([]), { see: (event) => seen.push(event) });
  run.cancel();
  for await (const _event of run);
  expect(seen).toMatchObject([{ type: "run-ended", reason: "cancelled" }]);
});

test("a run that throws is told, and throws on", async () => {
  let broke = 0;
  const broken = {
    cancel: () => undefined,
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject<IteratorResult<RunEvent>>(new Error("gone")) }),
  };
  const run = watchRun(broken, { see: () => undefined, broke: () => void (broke += 1) });
  await expect(run[Symbol.asyncIterator]().next()).rejects.toThrow("gone");
  expect(broke).toBe(1);
});
