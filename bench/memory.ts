// Resident memory of a gateway in a process of its own: after start, with every slot filled to 1,024 tokens at once, and idle again.
//
//   npm run build && npx tsx bench/memory.ts [--entry build|sources] [--tokens 1024] [--rounds 3] [--config gateway.yaml]
//
// Linux only: the numbers are those of /proc/PID/status in megabytes of 1,000,000 bytes. Leaves with 1 above 800.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { loadConfig } from "../src/config.ts";
import { startGatewayProcess } from "../test/support/gateway-process.ts";

const REPLY_TOKENS = 24;
const IDLE_MS = 5_000;
const LIMIT = 800;
// Each is one token, however often it is repeated, and a greedy reply goes on with it.
const WORDS = [" the", " sea", " man", " day", " red", " two", " way", " car"];

const { values } = parseArgs({
  options: {
    entry: { type: "string", default: "build" },
    tokens: { type: "string", default: "1024" },
    rounds: { type: "string", default: "3" },
    config: { type: "string", default: "gateway.yaml" },
  },
});
const config = loadConfig({ path: values.config });
const state = mkdtempSync(join(tmpdir(), "lensgate-memory-"));
const gateway = await startGatewayProcess(resolve(values.config), {
  entry: values.entry === "sources" ? "sources" : "build",
  environment: { LENSGATE_STATE_DIR: state },
});

function megabytes(line: string): number {
  const status = readFileSync(`/proc/${gateway.processId}/status`, "utf8");
  return (Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
}

function print(moment: string): void {
  const cells = ["VmRSS", "VmHWM", "RssAnon", "RssFile"].map((line) => megabytes(line).toFixed(0).padStart(10));
  console.log(`${moment.padEnd(30)}${cells.join("")}`);
}

/** Fills one slot; returns its tokens, prompt and reply. */
async function fillSlot(slot: number): Promise<number> {
  const prompt = (WORDS[slot % WORDS.length] ?? "").repeat(Number(values.tokens) - REPLY_TOKENS);
  const response = await fetch(`${gateway.api}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: config.model.name, prompt, max_tokens: REPLY_TOKENS, temperature: 0 }),
  });
  const body = (await response.json()) as { usage?: { total_tokens: number } };
  if (!body.usage) throw new Error(`no reply came: ${JSON.stringify(body)}`);
  return body.usage.total_tokens;
}

try {
  console.log(`${"MB".padEnd(30)}${["RSS", "peak", "anonymous", "file"].map((name) => name.padStart(10)).join("")}`);
  print("after start");
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const filled = await Promise.all(Array.from({ length: config.engine.slots }, (_, slot) => fillSlot(slot)));
    print(`slots filled: ${filled.join(" ")}`);
  }
  const peak = megabytes("VmHWM");
  await wait(IDLE_MS);
  print(`idle for ${IDLE_MS / 1000} s`);
  console.log(`peak ${peak.toFixed(0)} MB, limit ${LIMIT} MB`);
  if (peak > LIMIT) process.exitCode = 1;
} finally {
  await gateway.end("SIGTERM");
  rmSync(state, { recursive: true, force: true });
}
