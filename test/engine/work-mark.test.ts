import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createMarkMemory, createWorkMark, viewMark } from "../../src/engine/work-mark.ts";

test("each piece of work has a number of its own, and none has the thread after it", () => {
  const memory = createMarkMemory();
  const [mark, view] = [createWorkMark(memory), viewMark(memory)];
  expect(view.unit()).toBe(0);
  mark.begin(4, "start");
  const first = view.unit();
  mark.end();
  expect(view.unit()).toBe(0);
  mark.begin(4, "score");
  expect(view.unit()).toBeGreaterThan(0);
  expect(view.unit()).not.toBe(first);
  mark.end();
});

test("what has ended cannot be condemned, what goes on can, and says what it is", () => {
  const memory = createMarkMemory();
  const [mark, view] = [createWorkMark(memory), viewMark(memory)];
  mark.begin(1, "start");
  const first = view.unit();
  mark.end();
  expect(view.condemn(first)).toBeUndefined();
  mark.begin(2, "score");
  expect(view.condemn(first)).toBeUndefined();
  expect(view.condemn(view.unit())).toEqual({ detector: 2, work: "score" });
});

const ENTRY = JSON.stringify(new URL("../../src/engine/work-mark.ts", import.meta.url).href);
const [GATE, BACK, WENT_ON] = [0, 1, 2];

/** A real thread whose work lasts until the gate opens; then it says that it is back, and whether it went on. */
async function startThread() {
  const [memory, cells] = [createMarkMemory(), new Int32Array(new SharedArrayBuffer(12))];
  const thread = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
    const { memory, cells } = workerData;
    import("tsx/esm/api").then(async (tsx) => {
      tsx.register();
      const { createWorkMark } = await import(${ENTRY});
      const mark = createWorkMark(memory);
      mark.begin(7, "score");
      parentPort.postMessage("begun");
      Atomics.wait(cells, ${GATE}, 0);
      Atomics.store(cells, ${BACK}, 1);
      mark.end();
      Atomics.store(cells, ${WENT_ON}, 1);
    });`,
    { eval: true, workerData: { memory, cells } },
  );
  await new Promise((resolve) => thread.once("message", resolve));
  return {
    thread,
    view: viewMark(memory),
    comeBack() {
      Atomics.store(cells, GATE, 1);
      Atomics.notify(cells, GATE);
    },
    read: (cell: number) => Atomics.load(cells, cell) === 1,
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("a thread that comes back in time goes on", async () => {
  const { thread, comeBack, read } = await startThread();
  comeBack();
  await until(() => read(WENT_ON));
  await thread.terminate();
  expect(read(BACK)).toBe(true);
});

test("a thread that comes back after its work was condemned does nothing more, and can be ended", async () => {
  const { thread, view, comeBack, read } = await startThread();
  expect(view.condemn(view.unit())).toEqual({ detector: 7, work: "score" });
  comeBack();
  await until(() => read(BACK));
  // Time enough to go on, if it could.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await thread.terminate();
  expect(read(WENT_ON)).toBe(false);
});
