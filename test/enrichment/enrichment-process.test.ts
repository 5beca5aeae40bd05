import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import type { EnrichmentFailure } from "../../src/enrichment/enrichment.ts";
import { forkReader, keepReader, NICENESS } from "../../src/enrichment/reader-keeper.ts";
import { createLogger } from "../../src/log.ts";
import { tinySettings, tinyTrace } from "../support/tiny-reader.ts";

async function openTinyReader() {
  const tiny = await tinySettings();
  const keeper = keepReader({ settings: async () => tiny.again, idleExitMs: 60_000, log: createLogger("silent") });
  onTestFinished(() => keeper.close());
  return { keeper, trace: await tinyTrace(tiny) };
}

describe("the process that reads traces again", () => {
  it("answers with what it read, or with why it could not", async () => {
    const { keeper, trace } = await openTinyReader();
    // The tiny model's template makes another prompt of this conversation than the test wrote.
    const found = JSON.parse(await keeper.read(trace)) as EnrichmentFailure;
    expect(found).toMatchObject({ version: 1, traceId: trace.head.id });
    expect(found.failed).toMatch(/its prompt had 40 tokens and has \d+ now/);
  });

  it("leaves the processor to others with every thread, and has none of the gateway's keys", async () => {
    process.env["LENSGATE_TRACE_KEY"] = "secret";
    onTestFinished(() => void delete process.env["LENSGATE_TRACE_KEY"]);
    const { keeper, trace } = await openTinyReader();
    await keeper.read(trace);
    const folder = `/proc/${keeper.processId}`;
    if (!existsSync(folder)) return;
    expect(readFileSync(`${folder}/environ`, "utf8")).not.toContain("LENSGATE_TRACE_KEY");
    const threads = readdirSync(`${folder}/task`);
    // Fields after the name in brackets: the 17th is the niceness.
    const nice = threads.map((thread) =>
      Number(readFileSync(`${folder}/task/${thread}/stat`, "utf8").split(") ")[1]?.split(" ")[16]),
    );
    expect(new Set(nice)).toEqual(new Set([NICENESS]));
  });

  it("leaves when the gateway is gone, and says what broke when it cannot go on", async () => {
    const child = forkReader();
    const said: unknown[] = [];
    child.on("message", (message) => said.push(message));
    child.send({ type: "read", trace: {} });
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(1);
    expect(said).toEqual([{ type: "broken", message: "a trace came before the settings" }]);
    const orphan = forkReader();
    await new Promise((resolve) => orphan.once("spawn", resolve));
    orphan.disconnect();
    expect(await new Promise((resolve) => orphan.on("exit", resolve))).toBe(0);
    const closed = forkReader();
    closed.send({ type: "close" });
    expect(await new Promise((resolve) => closed.on("exit", resolve))).toBe(0);
  });
});
