import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { readPrepared } from "../../src/model/prepared-folder.ts";
import { writeFolder } from "../support/folder.ts";
import { openVendored, VENDORED_FOLDER } from "../support/prepared-model.ts";

const SCRIPT = fileURLToPath(new URL("../support/preparing-process.ts", import.meta.url));

// `limit`: kilobytes that one file may have, as a full disk would have it.
function start(cache: string, limit: number | "unlimited" = "unlimited"): ChildProcess {
  const command = `ulimit -f ${limit}; exec "$0" --import tsx "$1" "$2" "$3"`;
  const child = spawn("bash", ["-c", command, process.execPath, SCRIPT, VENDORED_FOLDER, cache], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function finish(child: ChildProcess): Promise<{ progress?: number; problems?: string[] }> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return JSON.parse(output) as { progress?: number; problems?: string[] };
}

it("two processes at once, after a third was killed at work, end with one good folder", async () => {
  const cache = writeFolder({});
  const killed = start(cache);
  while (!readdirSync(cache).some((name) => name.endsWith(".part") && existsSync(join(cache, name, "weights.bin")))) {
    await sleep(10);
  }
  killed.kill("SIGKILL");
  await once(killed, "close");
  expect(readdirSync(cache)).toHaveLength(2);
  // The lock of a dead process counts for half a minute.
  const minuteAgo = new Date(Date.now() - 60_000);
  utimesSync(join(cache, ".lock"), minuteAgo, minuteAgo);

  const results = await Promise.all([start(cache), start(cache)].map(finish));
  expect(results.map(({ progress }) => progress ?? -1).toSorted((left, right) => left - right)).toEqual([0, 272]);
  const [name = "", ...more] = readdirSync(cache);
  expect(more).toEqual([]);
  expect((await readPrepared(join(cache, name)))?.manifest).toEqual((await openVendored("fast")).manifest);
});

it("a disk that fills up in the middle gives a clear error and leaves nothing behind", async () => {
  const cache = writeFolder({});
  const { problems } = await finish(start(cache, 40_000));
  expect(problems).toEqual([
    expect.stringMatching(
      /the cache folder cannot be written: EFBIG.*\(cure: make it writable, free some space, or set LENSGATE_CACHE_DIR\)/,
    ),
  ]);
  expect(readdirSync(cache)).toEqual([]);
});
