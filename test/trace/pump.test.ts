import { expect, onTestFinished, test } from "vitest";
import type { Logger } from "../../src/log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { createPump, type PumpParts } from "../../src/trace/pump.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { until } from "../support/wire-reply.ts";

function setUp(changes: Partial<PumpParts> = {}) {
  const outbox = createOutbox(openDatabase({ folder: temporaryFolder() }));
  const [sent, logged, failures]: [string[], string[], string[]] = [[], [], []];
  const note = ((...entry: unknown[]) => void logged.push(String(entry.at(-1)))) as Logger["error"];
  const side = { epoch: "a", down: false, refused: new Set<string>() };
  const pump = createPump({
    outbox,
    async epoch() {
      if (side.down) throw new Error("not reached");
      return side.epoch;
    },
    deliver: {
      async item({ id }) {
        if (side.down || side.refused.has(id)) throw new Error("refused");
        sent.push(id);
        return { item: id };
      },
      enrichment: async () => ({}),
    },
    log: { info: note, warn: note, error: note },
    onFailure: (what) => failures.push(what),
    restMs: 5,
    longestPauseMs: 40,
    ...changes,
  });
  onTestFinished(() => pump.close());
  const add = (number: number) => outbox.addItem({ id: traceId(number), createdAt: number, body: "{}" });
  return { outbox, pump, sent, logged, failures, side, add };
}

const ids = (...numbers: number[]) => numbers.map(traceId);

test("rows are delivered once, oldest first, and those that come later without being told of", async () => {
  const { pump, sent, add, outbox } = setUp();
  for (const number of [2, 1]) add(number);
  pump.wake();
  await until(() => sent.length === 2);
  add(3);
  await until(() => sent.length === 3);
  expect(sent).toEqual(ids(1, 2, 3));
  expect(await pump.flush()).toBe(true);
  expect(sent).toHaveLength(3);
  expect(outbox.waiting()).toBe(0);
});

test("a side that is down is tried again with growing pauses, told of once, and gets everything when it is back", async () => {
  const { pump, sent, logged, failures, side, add } = setUp();
  side.down = true;
  for (const number of [1, 2]) add(number);
  pump.wake();
  await until(() => failures.length >= 5);
  expect(pump.status()).toMatchObject({ failing: true, lastError: "not reached" });
  expect(logged).toHaveLength(1);
  side.down = false;
  await until(() => sent.length === 2);
  await until(() => !pump.status().failing);
  expect(logged.at(-1)).toBe("the review queue takes items again");
  expect(pump.status()).toEqual({ failing: false, since: null, lastError: null });
});

test("word that the side is back ends the pause", async () => {
  const { pump, sent, failures, side, add } = setUp({ longestPauseMs: 1_000_000 });
  side.down = true;
  add(1);
  pump.wake();
  await until(() => failures.length === 1);
  side.down = false;
  pump.wake();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(sent).toEqual([]);
  pump.retryNow();
  await until(() => sent.length === 1);
});

test("one row that fails stops no other, and many in a row end the round", async () => {
  const { pump, sent, side, add, failures } = setUp();
  for (let number = 1; number <= 9; number += 1) add(number);
  side.refused = new Set(ids(2));
  expect(await pump.flush()).toBe(false);
  expect(sent).toEqual(ids(1, 3, 4, 5, 6, 7, 8, 9));
  for (let number = 11; number <= 19; number += 1) add(number);
  side.refused = new Set(ids(2, 11, 12, 13, 14, 15));
  failures.length = 0;
  expect(await pump.flush()).toBe(false);
  expect(failures).toEqual(["item", "item", "item"]);
});

test("another state of the side gets everything that is not settled", async () => {
  const { pump, sent, side, add, outbox } = setUp();
  for (const number of [1, 2, 3]) add(number);
  await pump.flush();
  outbox.settle(traceId(2));
  side.epoch = "b";
  sent.length = 0;
  await pump.flush();
  await pump.flush();
  expect(sent).toEqual(ids(1, 3));
});

test("a step that fails is tried again, and stops no other", async () => {
  const ran: string[] = [];
  let broken = true;
  const { pump, failures } = setUp({
    steps: [
      {
        name: "first",
        async run(epoch) {
          ran.push(`first ${epoch}`);
          if (broken) throw new Error("no");
        },
      },
      { name: "second", run: async (epoch) => void ran.push(`second ${epoch}`) },
    ],
  });
  expect(await pump.flush()).toBe(false);
  expect(failures).toEqual(["first"]);
  broken = false;
  expect(await pump.flush()).toBe(true);
  expect(ran).toEqual(["first a", "second a", "first a", "second a"]);
});

test("a round that someone asked for does not end those that come by themselves", async () => {
  const { pump, sent, add } = setUp();
  pump.wake();
  await pump.flush();
  add(1);
  await until(() => sent.length === 1);
});

test("a pump that is closed sends nothing more", async () => {
  const { pump, sent, add } = setUp();
  await pump.close();
  add(1);
  pump.wake();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(sent).toEqual([]);
});

test("what is urgent comes before the rows and again after each hundred of them, and its failure holds up none", async () => {
  const order: string[] = [];
  const urgent = {
    name: "urgent",
    async run(epoch: string) {
      order.push(`${epoch} ${sent.length}`);
      throw new Error("not now");
    },
  };
  const { pump, sent, add, failures } = setUp({ urgent: [urgent], restMs: 60_000 });
  for (let number = 1; number <= 150; number += 1) add(number);
  expect(await pump.flush()).toBe(false);
  expect(sent).toHaveLength(150);
  expect(order).toEqual(["a 0", "a 100", "a 150"]);
  expect(failures).toContain("urgent");
});
