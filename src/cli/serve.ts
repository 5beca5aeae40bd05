import type { Command } from "commander";
import { loadConfig, type Config } from "../config.ts";
import { findLooseSecrets } from "../secret-files.ts";
import { formatProblem } from "../errors.ts";
import { startGateway, type Gateway } from "../gateway.ts";
import { createLogger } from "../log.ts";
import { createProgress } from "./progress.ts";

/** Adds `lensgate serve`, which runs until SIGTERM or SIGINT, and reads its configuration again on SIGHUP. */
export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("Serve the model behind the OpenAI-compatible API, and the review desk on a second port.")
    .option("--config <file>", "configuration", "gateway.yaml")
    .action(serve);
}

async function serve(flags: { config: string }): Promise<void> {
  const config = loadConfig({ path: flags.config });
  const log = createLogger();
  for (const problem of findLooseSecrets(process.env))
    log.warn({ problem: formatProblem(problem) }, "a secret is open to others");
  const onProgress = createProgress(`preparing ${config.model.name}`);
  const gateway = await startGateway({ config, log, onProgress, measureTax: true });
  process.stdout.write(`${formatWelcome(config, gateway)}\n`);
  let stopping = false;
  const stop = (signal: string): void => {
    // A second signal ends a drain that takes too long for the person at the keyboard.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "draining");
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGHUP", () => {
    if (!stopping) void gateway.reload();
  });
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
}

/** What start-up prints: the API's address first, then the console's, then two requests to try. */
export function formatWelcome(
  config: Config,
  { api, console, model }: Pick<Gateway, "api" | "console" | "model">,
): string {
  const keyed = config.keys.length > 0;
  const request = (content: string, header: string) =>
    [
      `  curl ${api.url}/v1/chat/completions -H 'content-type: application/json'${keyed ? ' -H "authorization: Bearer $LENSGATE_KEY"' : ""}${header} \\`,
      `    -d '{"model":"${model.facts.name}","messages":[{"role":"user","content":"${content}"}],"max_tokens":40,"temperature":0}'`,
    ].join("\n");
  const stoppable = config.policies["demo"]
    ? [
        "",
        "One that is stopped before the model says which country it thinks of:",
        "",
        request("Tell me about sushi.", " -H 'x-oversight-policy: demo'"),
      ]
    : [];
  return [
    `API      ${api.url}/v1   model ${model.facts.name}, policy ${config.defaultPolicy}${keyed ? "" : "; no keys are configured: this machine alone may call"}`,
    `Console  ${console.url}/review/   metrics ${console.url}/metrics`,
    "",
    "A reply that completes:",
    "",
    request("What is two plus two?", ""),
    ...stoppable,
  ].join("\n");
}
