import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";

const BINARY = "/usr/bin/redis-server";

/** Whether there is a Redis to test with. */
export const redisMissing = !existsSync(BINARY);

/** A suite on a real Redis: skipped by name where there is none, and failing there on the build server. */
export function describeWithRedis(name: string, body: () => void): void {
  if (redisMissing && process.env["CI"]) {
    test(name, () => expect.unreachable(`${BINARY} is missing: install Debian's redis-server`));
  } else {
    describe.skipIf(redisMissing)(redisMissing ? `${name} (skipped: ${BINARY} is missing)` : name, body);
  }
}

/** A Redis of its own on a free port: append-only file on, nothing evicted, data in a temporary folder. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Sends one command and returns its answer. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Answers nobody for that long, as a Redis that writes a snapshot to a slow disk does. */
  pause(milliseconds: number): Promise<void>;
  /** Ends the process at once (SIGKILL). The data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; `fresh` throws them away first. */
  restart(options?: { readonly fresh?: boolean }): Promise<void>;
  flush(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/** Resolves when the server answers. `args` come after the defaults, for example `["--requirepass", "secret"]`. */
export async function startRedis(options: { readonly args?: readonly string[] } = {}): Promise<RedisServer> {
  const { args = [] } = options;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "lensgate-redis-"));
  const fixed = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"];
  const command = [...fixed, "--appenddirname", "aof", "--dir", folder, "--maxmemory-policy", "noeviction", ...args];
  const password = args[args.indexOf("--requirepass") + 1];
  const login = args.includes("--requirepass") && password !== undefined ? { password } : {};
  let process_: ChildProcess = await launch(command);
  let client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 2, ...login });
  client.on("error", () => {});

  async function kill(): Promise<void> {
    client.disconnect();
    if (process_.exitCode !== null || process_.signalCode !== null) return;
    const ended = once(process_, "exit");
    process_.kill("SIGKILL");
    await ended;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    command: async (name, ...rest) => client.call(name, ...rest),
    async pause(milliseconds) {
      await client.call("CLIENT", "PAUSE", milliseconds, "ALL");
    },
    kill,
    async restart({ fresh = false } = {}) {
      await kill();
      if (fresh) rmSync(join(folder, "aof"), { recursive: true, force: true });
      process_ = await launch(command);
      client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 2, ...login });
      client.on("error", () => {});
    },
    async flush() {
      await client.call("FLUSHALL");
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(command: readonly string[]): Promise<ChildProcess> {
  const child = spawn(BINARY, command, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Ready to accept connections")) resolve();
    });
    child.once("exit", () => reject(new Error(`redis-server did not start: ${said}`)));
    child.once("error", reject);
  });
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
