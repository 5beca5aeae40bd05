import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { keepReader, ReaderDied, type ReaderKeeperOptions } from "../../src/enrichment/reader-keeper.ts";
import type { ReaderSettings } from "../../src/enrichment/reader-settings.ts";
import { createLogger } from "../../src/log.ts";
import type { Trace } from "../../src/trace/trace.ts";

const ENTRY = fileURLToPath(new URL("../fixtures/scripted-reader.mjs", import.meta.url));

function open(options: Partial<ReaderKeeperOptions> & { readonly given?: object } = {}) {
  const started: ChildProcess[] = [];
  const keeper = keepReader({
    settings: async () => (options.given ?? { for: "tests" }) as unknown as ReaderSettings,
    idleExitMs: 60_000,
    log: createLogger("silent"),
    start() {
      const child = fork(ENTRY, { serialization: "advanced" });
      started.push(child);
      return child;
    },
    ...options,
  });
  onTestFinished(() => keeper.close());
  const read = async (id: string) => JSON.parse(await keeper.read({ head: { id } } as Trace)) as { reads: number };
  return { keeper, read, started };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("keeping a reading process", () => {
  it("starts it for the first trace, with its settings, and keeps it for the next", async () => {
    const { keeper, read, started } = open();
    expect(keeper.processId).toBeUndefined();
    expect(await read("one")).toMatchObject({ reads: 1, settings: { for: "tests" } });
    expect(keeper.processId).toBe(started[0]?.pid);
    expect(await read("two")).toMatchObject({ traceId: "two", reads: 2 });
    expect(started).toHaveLength(1);
  });

  it("starts it ahead of a trace when it is told to, once", async () => {
    const { keeper, read, started } = open();
    keeper.warm();
    keeper.warm();
    expect(await read("one")).toMatchObject({ reads: 1 });
    expect(started).toHaveLength(1);
    const broken = open({ given: { refuses: true } });
    broken.keeper.warm();
    await expect(broken.read("one")).rejects.toThrow("it ended with code 4");
  });

  it("reads on with another process and new settings when it is told to", async () => {
    const given = { for: "before" };
    const { keeper, read, started } = open({ given });
    expect(await read("one")).toMatchObject({ settings: { for: "before" } });
    given.for = "after";
    expect(await read("two")).toMatchObject({ reads: 2, settings: { for: "before" } });
    keeper.renew();
    expect(started).toHaveLength(1);
    expect(await read("three")).toMatchObject({ reads: 1, settings: { for: "after" } });
    expect(await read("four")).toMatchObject({ reads: 2 });
    await until(() => started[0]?.exitCode === 0);
    expect(started).toHaveLength(2);
  });

  it("says that it died, and starts another for the next trace", async () => {
    const { keeper, read, started } = open();
    await expect(read("dies")).rejects.toThrow(new ReaderDied("it ended with code 3"));
    await until(() => keeper.processId === undefined);
    expect(await read("one")).toMatchObject({ reads: 1 });
    const next = read("hangs");
    await until(() => started.length === 2);
    started[1]?.kill("SIGKILL");
    await expect(next).rejects.toThrow("it ended with SIGKILL");
    expect(await read("two")).toMatchObject({ reads: 1 });
  });

  it("passes on what broke", async () => {
    await expect(open().read("breaks")).rejects.toThrow(new ReaderDied("out of memory"));
  });

  it("ends one that answers another trace, one that takes too long, and one that does not open", async () => {
    await expect(open().read("mixes up")).rejects.toThrow("it answered another trace");
    const slow = open({ limitMs: 300 });
    await expect(slow.read("hangs")).rejects.toThrow("it ended with SIGKILL");
    expect(slow.keeper.processId).toBeUndefined();
    await expect(open({ given: { refuses: true } }).read("one")).rejects.toThrow("it ended with code 4");
  });

  it("lets it go when it has nothing to do, and starts it again", async () => {
    const { keeper, read, started } = open({ idleExitMs: 20 });
    await read("one");
    await until(() => started[0]?.exitCode === 0);
    expect(keeper.processId).toBeUndefined();
    expect(await read("two")).toMatchObject({ reads: 1 });
    expect(started).toHaveLength(2);
  });

  it("is closed in the middle of a trace", async () => {
    const { keeper, read, started } = open();
    await read("one");
    const reading = read("hangs").catch((error: unknown) => error);
    await keeper.close();
    expect(await reading).toBeInstanceOf(ReaderDied);
    expect(started[0]?.signalCode).toBe("SIGKILL");
    await expect(open({ start: () => fork("/nowhere/at-all.mjs") }).read("one")).rejects.toBeInstanceOf(ReaderDied);
  });

  it("starts nothing once it was closed", async () => {
    const { keeper, read, started } = open();
    await keeper.close();
    await expect(read("one")).rejects.toThrow("the gateway is closing");
    expect(started).toEqual([]);
  });
});
