import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const WRITER = fileURLToPath(new URL("../conformance/acknowledged-writes.ts", import.meta.url));

/** Starts a writer, kills it a while after its first acknowledged write, and returns what it acknowledged. */
async function acknowledgedBeforeDeath(folder: string, first: number, lifetimeMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", "tsx", WRITER, folder, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), lifetimeMs);
    output += piece.toString();
  });
  const signal = await new Promise((resolve) => child.on("close", (_code, name) => resolve(name)));
  expect(signal).toBe("SIGKILL");
  return output.split("\n").filter((line) => line !== "");
}

test("whatever two killed writers had acknowledged is found afterwards", async () => {
  const folder = temporaryFolder();
  const lines: string[] = [];
  for (const round of [0, 1]) {
    const lifetimes = [40 + 130 * round, 90 + 70 * round];
    const deaths = lifetimes.map((lifetimeMs, index) =>
      acknowledgedBeforeDeath(folder, (round * 2 + index + 1) * 100_000, lifetimeMs),
    );
    lines.push(...(await Promise.all(deaths)).flat());
  }
  expect(lines.length).toBeGreaterThan(40);

  const database = openDatabase({ folder });
  const [traces, decisions] = [createTraceStore(database), createDecisionStore(database)];
  const queue = createEmbeddedQueue({ database });
  const scores = new Set((await createScoreLog(database).list({ limit: 1_000_000 })).map(({ requestId }) => requestId));
  for (const line of lines) {
    const [what, number = ""] = line.split(" ");
    const id = traceId(Number(number));
    const trace = await traces.get(id);
    expect(trace?.evidence.length).toBeGreaterThanOrEqual(what === "open" ? 1 : 2);
    if (what === "close") expect(trace).toMatchObject({ state: "complete", end: { reason: "abort" } });
    if (what === "score") expect(scores).toContain(`request-${number}`);
    if (what === "enqueue") expect(await queue.get(id)).toMatchObject({ state: "waiting" });
    if (what === "decision") expect(await decisions.latest(id)).toMatchObject({ verdict: "unsure" });
  }
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
});
