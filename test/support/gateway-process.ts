import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TEST_CACHE } from "./prepared-model.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ENTRY = {
  sources: ["--import", "tsx", "src/cli/main.ts"],
  build: ["dist/cli/main.js"],
} as const;

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `lensgate` in a process of its own, and everything that it printed. */
export interface CommandProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
}

/** What a process starts from. */
export interface ProcessOptions {
  /** `sources` runs under tsx, `build` is what ships. */
  readonly entry?: keyof typeof ENTRY;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts `lensgate WORDS…` in the root of the checkout, with the tests' cache and free ports. */
export function spawnCommand(words: readonly string[], options: ProcessOptions = {}): CommandProcess {
  const { entry = "sources", environment = {} } = options;
  const ports = { LENSGATE_PORT: "0", LENSGATE_CONSOLE_PORT: "0" };
  const child = spawn(process.execPath, [...ENTRY[entry], ...words], {
    cwd: ROOT,
    env: { ...process.env, LENSGATE_CACHE_DIR: TEST_CACHE, ...ports, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<Exit>((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  return { child, stdout: () => stdout, stderr: () => stderr, exited };
}

/** Runs a command to its end. */
export async function runCommand(words: readonly string[], options: ProcessOptions = {}) {
  const { exited, stdout, stderr } = spawnCommand(words, options);
  const { code } = await exited;
  return { code, stdout: stdout(), stderr: stderr() };
}

/** A gateway in a process of its own that serves. */
export interface GatewayProcess extends CommandProcess {
  readonly processId: number;
  readonly api: string;
  readonly console: string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

/** Starts `lensgate serve` and waits until it says where it listens; throws with its own words when it ends before. */
export async function startGatewayProcess(config: string, options: ProcessOptions = {}): Promise<GatewayProcess> {
  const command = spawnCommand(["serve", "--config", config], options);
  const { child, stdout, stderr, exited } = command;
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", () => stdout().includes("\nConsole ") && resolve());
    void exited.then((exit) => reject(new Error(`the gateway ended (${JSON.stringify(exit)}): ${stderr()}`)));
  });
  return {
    ...command,
    processId: child.pid ?? 0,
    api: addressIn(stdout(), /^API +(http\S+)\/v1/m),
    console: addressIn(stdout(), /^Console +(http\S+)\/review\//m),
    async end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

function addressIn(text: string, pattern: RegExp): string {
  const address = pattern.exec(text)?.[1];
  if (address === undefined) throw new Error(`no address in: ${text}`);
  return address;
}
