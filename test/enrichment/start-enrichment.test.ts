import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ReaderDied, type ReaderKeeper } from "../../src/enrichment/reader-keeper.ts";
import { MAX_DEATHS, startEnrichment, type EnrichmentParts } from "../../src/enrichment/start-enrichment.ts";
import { createLogger } from "../../src/log.ts";
import { createLocalWorkQueue } from "../../src/queue/work-queue.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";

async function open(changes: Partial<EnrichmentParts> & { readonly read?: ReaderKeeper["read"] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "lensgate-enrichment-"));
  const database = openDatabase({ folder });
  const traces = createTraceStore(database);
  for (const number of [1, 2]) await traces.open(sampleHead(number), sampleEvidence());
  const enrichments = createEnrichmentStore(database);
  const asked: string[] = [];
  const keeper: ReaderKeeper = {
    processId: 7,
    warm: () => undefined,
    renew: () => undefined,
    read: async (trace) => (asked.push(trace.head.id), (await changes.read?.(trace)) ?? bodyOf(trace)),
    close: async () => undefined,
  };
  const work = createLocalWorkQueue({ backoffMs: 1 });
  const parts: EnrichmentParts = {
    work,
    traces,
    enrichments,
    settings: () => Promise.reject(new Error("nobody asks")),
    config: { idleExitMs: 1000, busyWaitMs: 1000 },
    isBusy: () => false,
    log: createLogger("silent"),
    clock: () => 42,
    keeper,
    ...changes,
  };
  const running = startEnrichment(parts);
  onTestFinished(async () => {
    await running.close();
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const done = () => vi.waitFor(async () => expect(await work.depth()).toBe(0), { timeout: 5000, interval: 5 });
  return { running, enrichments, asked, work, done };
}

const bodyOf = ({ head }: Trace, reproduced: (boolean | null)[] = [true, null]) =>
  JSON.stringify({ version: 1, traceId: head.id, reread: reproduced.map((each) => ({ reproduced: each })) });

describe("enrichment", () => {
  it("reads each queued trace once and keeps what was found", async () => {
    const { running, enrichments, asked, done } = await open();
    await running.add(traceId(1));
    await running.add(traceId(2));
    await done();
    await running.add(traceId(1));
    await done();
    expect(asked).toEqual([traceId(1), traceId(2)]);
    expect(JSON.parse((await enrichments.get(traceId(1))) ?? "")).toMatchObject({ traceId: traceId(1) });
    expect(running.status()).toEqual({ read: 2, failed: 0, firings: 2, reproduced: 2, deaths: 0, processId: 7 });
  });

  it("counts firings that do not fire again, and traces that cannot be read as they were", async () => {
    const read = async (trace: Trace) =>
      trace.head.id === traceId(1)
        ? bodyOf(trace, [false, true, null])
        : JSON.stringify({ version: 1, traceId: trace.head.id, madeAt: 1, failed: "why" });
    const { running, done } = await open({ read });
    await running.add(traceId(1));
    await running.add(traceId(2));
    await done();
    expect(running.status()).toMatchObject({ read: 1, failed: 1, firings: 2, reproduced: 1 });
  });

  it("gives a trace up that ends the process again and again, says so, and goes on with the next", async () => {
    const read = async (trace: Trace) => {
      if (trace.head.id === traceId(1)) throw new ReaderDied("it ended with SIGSEGV");
      return bodyOf(trace);
    };
    const { running, enrichments, asked, done } = await open({ read });
    await running.add(traceId(1));
    await running.add(traceId(2));
    await done();
    expect(asked).toEqual([...Array.from({ length: MAX_DEATHS }, () => traceId(1)), traceId(2)]);
    expect(JSON.parse((await enrichments.get(traceId(1))) ?? "")).toEqual({
      version: 1,
      traceId: traceId(1),
      madeAt: 42,
      failed: "it ended the reading process 3 times (it ended with SIGSEGV)",
    });
    expect(running.status()).toMatchObject({ read: 1, failed: 1, deaths: MAX_DEATHS });
  });

  it("tries again through the queue when something else fails", async () => {
    let tries = 0;
    const read = async (trace: Trace) => {
      tries += 1;
      if (tries === 1) throw new Error("settings could not be read");
      return bodyOf(trace);
    };
    const { running, done } = await open({ read });
    await running.add(traceId(1));
    await done();
    expect([tries, running.status().read, running.status().deaths]).toEqual([2, 1, 0]);
  });

  it("waits for a pause in live traffic, but not for ever", async () => {
    let busy = true;
    const waiting = await open({ isBusy: () => busy, config: { idleExitMs: 1000, busyWaitMs: 60_000 } });
    await waiting.running.add(traceId(1));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(waiting.asked).toEqual([]);
    busy = false;
    await waiting.done();
    expect(waiting.asked).toHaveLength(1);
    const impatient = await open({ isBusy: () => true, config: { idleExitMs: 1000, busyWaitMs: 150 } });
    await impatient.running.add(traceId(1));
    await impatient.done();
    expect(impatient.asked).toHaveLength(1);
  });

  it("passes over a trace that is not there", async () => {
    const { running, asked, done } = await open();
    await running.add(traceId(9));
    await done();
    expect(asked).toEqual([]);
  });

  it("leaves a trace to the next start when it is closed in the middle", async () => {
    let end: (error: Error) => void = () => undefined;
    const keeper: ReaderKeeper = {
      processId: undefined,
      warm: () => undefined,
      renew: () => undefined,
      read: () => new Promise((_, reject) => (end = reject)),
      close: async () => end(new ReaderDied("it ended with SIGKILL")),
    };
    const { running, enrichments, work } = await open({ keeper });
    await running.add(traceId(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await running.close();
    expect(await enrichments.get(traceId(1))).toBeUndefined();
    expect(await work.depth()).toBe(1);
    expect(running.status()).toMatchObject({ deaths: 0, processId: null });
  });
});
