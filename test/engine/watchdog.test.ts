import { expect, test } from "vitest";
import { startWatchdog } from "../../src/engine/watchdog.ts";
import { createMarkMemory, createWorkMark, type HeldWork } from "../../src/engine/work-mark.ts";

/** A watchdog that looks when it is told to. */
function setUp(limitMs: number) {
  const told: HeldWork[] = [];
  let look = (): void => undefined;
  let everyMs = 0;
  let closed = false;
  const watchdog = startWatchdog({
    limitMs,
    onStuck: (work) => told.push(work),
    repeat(own, ms) {
      look = own;
      everyMs = ms;
      return () => (closed = true);
    },
  });
  const lookTimes = (times: number): void => {
    for (let time = 0; time < times; time += 1) look();
  };
  return { watchdog, told, lookTimes, everyMs, isClosed: () => closed };
}

/** A thread's mark. */
function openMark() {
  const memory = createMarkMemory();
  return { memory, mark: createWorkMark(memory) };
}

test("a detector that has the thread at every look of the limit is told of, once", () => {
  const { watchdog, told, lookTimes } = setUp(10_000);
  const { memory, mark } = openMark();
  watchdog.watch(memory);
  mark.begin(3, "score");
  // The first one finds it, ten more make ten seconds.
  lookTimes(10);
  expect(told).toEqual([]);
  lookTimes(1);
  expect(told).toEqual([{ detector: 3, work: "score" }]);
  lookTimes(50);
  expect(told).toHaveLength(1);
});

test("one that comes back in between is not, however often it has the thread", () => {
  const { watchdog, told, lookTimes } = setUp(10_000);
  const { memory, mark } = openMark();
  watchdog.watch(memory);
  for (let step = 0; step < 100; step += 1) {
    mark.begin(0, "score");
    lookTimes(1);
    mark.end();
  }
  mark.begin(0, "start");
  lookTimes(10);
  mark.end();
  lookTimes(20);
  expect(told).toEqual([]);
});

test("a thread that takes another's place is watched instead, from the beginning", () => {
  const { watchdog, told, lookTimes } = setUp(10_000);
  const [first, second] = [openMark(), openMark()];
  lookTimes(20);
  watchdog.watch(first.memory);
  first.mark.begin(1, "score");
  lookTimes(10);
  watchdog.watch(second.memory);
  second.mark.begin(2, "start");
  lookTimes(10);
  expect(told).toEqual([]);
  lookTimes(1);
  expect(told).toEqual([{ detector: 2, work: "start" }]);
});

test("it looks every second, and more often where less is allowed, until it is closed", () => {
  const { watchdog, everyMs, isClosed } = setUp(10_000);
  expect([everyMs, setUp(600_000).everyMs, setUp(2_000).everyMs]).toEqual([1_000, 1_000, 500]);
  watchdog.close();
  expect(isClosed()).toBe(true);
});

test("it looks by itself", async () => {
  const { memory, mark } = openMark();
  mark.begin(0, "score");
  const held = await new Promise<HeldWork>((resolve) => {
    const watchdog = startWatchdog({
      limitMs: 20,
      onStuck(work) {
        watchdog.close();
        resolve(work);
      },
    });
    watchdog.watch(memory);
  });
  expect(held).toEqual({ detector: 0, work: "score" });
});
