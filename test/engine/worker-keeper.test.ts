import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FromWorker } from "../../src/engine/messages.ts";
import { keepWorker, type WorkerKeeperOptions } from "../../src/engine/worker-keeper.ts";

const READY = `const { parentPort } = require("node:worker_threads"); parentPort.postMessage({ type: "ready" });`;
const STAYS = `${READY} parentPort.on("message", ({ type, id }) => {
  if (type === "close") process.exit(0);
  if (type === "crash") throw new Error("crash");
  parentPort.postMessage({ type: "event", id, event: {} });
});`;
const DIES = `throw new Error("no weights");`;

/** A keeper of small real threads; `sources[n]` is the program of the n-th, the last one of all later ones. */
function keep(sources: readonly string[], changes: Partial<WorkerKeeperOptions> = {}) {
  const told: FromWorker[] = [];
  const pauses: (number | null)[] = [];
  const deaths: string[] = [];
  let born = 0;
  const keeper = keepWorker({
    spawn: () => new Worker(sources[Math.min(born++, sources.length - 1)] ?? "", { eval: true }),
    onMessage: (message) => told.push(message),
    onDeath: () => deaths.push(keeper.state),
    log: { error: (fields: { restartInMs: number | null }) => pauses.push(fields.restartInMs) } as never,
    restartMs: 5,
    closeLimitMs: 50,
    ...changes,
  });
  onTestFinished(() => keeper.close());
  return { keeper, told, pauses, deaths, born: () => born };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe("keepWorker", () => {
  it("is ready when the worker says so, and passes messages both ways", async () => {
    const { keeper, told } = keep([STAYS]);
    expect(keeper.state).toBe("loading");
    await keeper.ready;
    expect(keeper.state).toBe("ready");
    keeper.send({ type: "cancel", id: "a" });
    await until(() => told.length === 1);
    expect(told).toEqual([{ type: "event", id: "a", event: {} }]);
  });

  it("gives up on a worker that dies before it was ever ready, and says why", async () => {
    const { keeper, pauses, deaths, born } = keep([DIES]);
    await expect(keeper.ready).rejects.toThrow("no weights");
    expect([keeper.state, keeper.restarts, born()]).toEqual(["closed", 0, 1]);
    expect([pauses, deaths]).toEqual([[null], ["closed"]]);
  });

  it("gives up on one that leaves without a word", async () => {
    const { keeper } = keep([`process.exit(7)`]);
    await expect(keeper.ready).rejects.toThrow("the worker left with code 7");
  });

  it("starts another when one dies, and is ready again", async () => {
    const { keeper, deaths } = keep([STAYS]);
    await keeper.ready;
    await keeper.crash();
    await until(() => keeper.restarts === 1);
    expect(deaths).toEqual(["restarting"]);
    await until(() => keeper.state === "ready");
    expect(keeper.restarts).toBe(1);
  });

  it("hands over everything that a worker sent before it tells of its death", async () => {
    const last = `${READY} setTimeout(() => {
      for (let id = 0; id < 50; id += 1) parentPort.postMessage({ type: "event", id, event: {} });
      throw new Error("now");
    }, 20)`;
    const order: string[] = [];
    const { keeper, pauses } = keep([last, STAYS], {
      onMessage: () => order.push("message"),
      onDeath: () => order.push("death"),
    });
    await until(() => pauses.length === 1 && order.at(-1) === "death");
    expect(order).toEqual([...Array.from({ length: 50 }, () => "message"), "death"]);
    expect(keeper.state).not.toBe("closed");
  });

  it("takes no work for a worker that broke and has not left yet", async () => {
    const { keeper, deaths } = keep([`${READY} setTimeout(() => { throw new Error("now"); }, 20)`, STAYS]);
    await keeper.ready;
    await until(() => keeper.state === "restarting");
    expect(deaths.length).toBeLessThanOrEqual(1);
  });

  it("waits twice as long after each death, up to 32 times the first pause", async () => {
    const { keeper, pauses } = keep([READY], { restartMs: 1, now: () => 1 });
    await keeper.ready;
    await until(() => pauses.length >= 8);
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
  });

  it("waits the first pause again once a worker stayed alive for as long as the longest pause", async () => {
    let now = 1;
    const { keeper, pauses } = keep([STAYS], { now: () => now });
    for (const [deaths, aliveMs] of [0, 0, 32 * 5 + 1].entries()) {
      await until(() => keeper.state === "ready");
      now += aliveMs;
      await keeper.crash();
      await until(() => pauses.length === deaths + 1);
    }
    expect(pauses).toEqual([5, 10, 5]);
  });

  it("rejects ready when it is closed before", async () => {
    const { keeper } = keep([`setInterval(() => undefined, 1000)`]);
    await keeper.close();
    await expect(keeper.ready).rejects.toThrow("closed before it was ready");
  });

  it("ends a worker by force that does not leave when it is told to", async () => {
    const { keeper } = keep([`${READY} setInterval(() => undefined, 1000)`], { closeLimitMs: 10 });
    await keeper.ready;
    await expect(keeper.close()).resolves.toBeUndefined();
  });

  it("ends one that loops for the reason that it is given, takes no work for it, and starts another", async () => {
    const causes: string[] = [];
    const { keeper } = keep([`${READY} setImmediate(() => { for (;;); });`, STAYS], {
      onDeath: (cause) => causes.push(cause.message),
    });
    await keeper.ready;
    keeper.end(new Error("it loops"));
    expect(keeper.state).toBe("restarting");
    await until(() => keeper.state === "ready");
    expect([causes, keeper.restarts]).toEqual([["it loops"], 1]);
  });

  it("stays closed: nothing is told, counted or started after", async () => {
    const { keeper, told, deaths, born } = keep([
      `${STAYS} setInterval(() => parentPort.postMessage({ type: "ready" }), 1)`,
    ]);
    await keeper.ready;
    const closed = keeper.close();
    const seen = told.length;
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([keeper.state, told.length, deaths.length, born()]).toEqual(["closed", seen, 0, 1]);
  });

  it("does not start the worker whose pause was under way when it was closed", async () => {
    const { keeper, pauses, born } = keep([READY], { restartMs: 30 });
    await until(() => pauses.length === 1);
    await keeper.close();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(born()).toBe(1);
  });
});
