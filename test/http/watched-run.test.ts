import { expect, test } from "vitest";
import type { RunEnd } from "../../src/engine/engine.ts";
import { watchEnd } from "../../src/http/watched-run.ts";
import { HELLO, scriptedEngine, stalledRun } from "./scripted-engine.ts";

test("the end is seen before the consumer sees it, and nothing of the run changes", async () => {
  const { engine } = scriptedEngine(HELLO);
  const told: string[] = [];
  const run = watchEnd(engine.generate({} as Parameters<typeof engine.generate>[0]), () => told.push("end"));
  const events = [];
  for await (const event of run) {
    if (event.type === "run-ended") told.push("consumer");
    events.push(event);
  }
  expect([events, told]).toEqual([HELLO, ["end", "consumer"]]);
});

test("a run that is cancelled is cancelled below, and its end is still seen", async () => {
  const ends: RunEnd[] = [];
  const run = watchEnd(stalledRun([]), (end) => ends.push(end));
  run.cancel();
  for await (const _event of run);
  expect(ends.map(({ reason }) => reason)).toEqual(["cancelled"]);
});
