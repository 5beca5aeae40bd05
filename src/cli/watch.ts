import type { Command } from "commander";
import { setTimeout as wait } from "node:timers/promises";
import { loadConfig } from "../config.ts";
import type { Environment } from "../config/environment.ts";
import { secretOf } from "../secret-files.ts";
import { GatewayError } from "../errors.ts";
import type { LiveEvent } from "../review/live-feed.ts";
import { visibleJson } from "../visible-text.ts";
import { openConsole, type ConsoleClient, type ConsoleLogin } from "./console-client.ts";
import { readSecretLine } from "./secret-line.ts";
import { userName } from "./user-name.ts";
import { formatEvent } from "./watch-lines.ts";
import { createWatchScreen } from "./watch-screen.ts";

/** Where the command writes. */
export interface WatchOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What the command reaches outside for. */
export interface WatchParts {
  readonly output?: WatchOutput;
  readonly input?: NodeJS.ReadableStream;
  readonly environment?: Environment;
  /** Ends the command; SIGINT and SIGTERM by default. */
  readonly signal?: AbortSignal;
  /** How long to wait before a stream that ended is opened again. */
  readonly retryMs?: number;
}

interface Flags {
  readonly config: string;
  readonly url?: string;
  readonly reviewer?: string;
  readonly lines: boolean;
  readonly json: boolean;
}

/** Adds `lensgate watch`, which shows live requests of a running gateway until it is interrupted. */
export function registerWatch(program: Command, parts: WatchParts = {}): void {
  program
    .command("watch")
    .description("Show what a running gateway does: live requests, scores, flags and aborts, without text.")
    .option("--config <file>", "configuration that says where the console listens", "gateway.yaml")
    .option("--url <address>", "the console's address")
    .option("--reviewer <name>", "who logs in to the console")
    .option("--lines", "one line an event, on a terminal as well", false)
    .option("--json", "one JSON object an event", false)
    .action((flags: Flags) => watch(flags, parts));
}

async function watch(flags: Flags, parts: WatchParts): Promise<void> {
  const { output = process.stdout, input = process.stdin, environment = process.env } = parts;
  const url = (flags.url ?? consoleUrl(flags.config, environment)).replace(/\/+$/, "");
  const secret = secretOf(environment, "LENSGATE_CONSOLE_PASSWORD");
  const password = () =>
    secret === undefined ? readSecretLine(input, (text) => void process.stderr.write(text)) : Promise.resolve(secret);
  const login = { url, name: flags.reviewer ?? userName("operator"), password };
  const client = await openConsole(login);
  const view = openView(flags, { output, url });
  const { signal = interruption(), retryMs = 2_000 } = parts;
  try {
    await follow({ login, client, view, signal, retryMs });
  } finally {
    view.close();
  }
}

function consoleUrl(file: string, environment: Environment): string {
  const { host, port } = loadConfig({ path: file, environment }).console;
  const callable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${callable.includes(":") ? `[${callable}]` : callable}:${port}`;
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

interface View {
  show(event: LiveEvent): void;
  /** Says what happened to the connection. */
  say(message: string): void;
  close(): void;
}

interface Following {
  readonly login: ConsoleLogin;
  readonly client: ConsoleClient;
  readonly view: View;
  readonly signal: AbortSignal;
  readonly retryMs: number;
}

/** Shows events until the signal. Logs in again when the session is over, and waits for a gateway that restarts. */
async function follow({ login, client: first, view, signal, retryMs }: Following): Promise<void> {
  let client: ConsoleClient | undefined = first;
  try {
    while (!signal.aborted) {
      try {
        client ??= await openConsole(login);
        for await (const event of client.watch(signal)) view.show(event);
      } catch (error) {
        if (error instanceof GatewayError && error.code === "login_required") client = undefined;
        else if (error instanceof GatewayError && error.code !== "overloaded") throw error;
      }
      if (signal.aborted) return;
      view.say("the stream ended; it is opened again");
      await wait(retryMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await client?.logout();
  }
}

function openView(flags: Flags, { output, url }: { readonly output: WatchOutput; readonly url: string }): View {
  if (flags.json || flags.lines || output.isTTY !== true) {
    const format = (event: LiveEvent) =>
      flags.json ? [visibleJson(event).replaceAll(/\n\s*/g, " ")] : formatEvent(event);
    return {
      show: (event) => format(event).forEach((line) => output.write(`${line}\n`)),
      say: (message) => void process.stderr.write(`${message}\n`),
      close: () => undefined,
    };
  }
  return openScreen(output, url);
}

const REPAINT_MS = 250;

/** The alternate screen, painted anew a few times a second; what stood on the terminal before comes back at the end. */
function openScreen(output: WatchOutput, url: string): View {
  const screen = createWatchScreen(`lensgate watch ${url}`);
  let message = "";
  // The gateway's clock may be another one.
  let aheadMs = 0;
  const paint = (): void => {
    const { columns = 80, rows = 24 } = output;
    const lines = screen.render({ columns, rows }, Date.now() + aheadMs);
    output.write(`\u001B[H${[...lines, message].map((line) => `${line}\u001B[K`).join("\r\n")}\u001B[J`);
  };
  output.write("\u001B[?1049h\u001B[?25l");
  const timer = setInterval(paint, REPAINT_MS);
  return {
    show(event) {
      message = "";
      aheadMs = event.at - Date.now();
      screen.apply(event);
    },
    say: (text) => void (message = text),
    close() {
      clearInterval(timer);
      output.write("\u001B[?25h\u001B[?1049l");
    },
  };
}
