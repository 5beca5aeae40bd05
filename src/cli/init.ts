import type { Command } from "commander";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashPassword } from "../review/password.ts";
import { prepareFirstStart } from "./first-start.ts";

interface InitOptions {
  readonly folder: string;
  readonly template?: string;
  readonly redis?: string;
  readonly grafana?: string;
}

/** From the sources and from the build alike. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Adds `lensgate init`, which writes a configuration with random keys, and prints them once. */
export function registerInit(program: Command): void {
  program
    .command("init")
    .description("write a configuration with a random API key, a first reviewer and the keys of a shared queue")
    .requiredOption("--folder <folder>", "where the configuration goes")
    .option("--template <file>", "configuration to fill in (default: the one of the container)")
    .option("--redis <file>", "also write a configuration for Redis, with its password")
    .option("--grafana <file>", "also write a password for Grafana's admin")
    .action(async (options: InitOptions, command: Command) => {
      const template = options.template ?? join(ROOT, "deploy", "gateway.yaml");
      const drawn = await prepareFirstStart({ ...options, template, detectors: join(ROOT, "detectors"), hashPassword });
      const lines = drawn.map(({ what, value }) => `  ${what} ${value}`);
      const text =
        lines.length === 0
          ? `${options.folder} is set up already; nothing is changed`
          : ["Written down nowhere, and shown this once:", "", ...lines, ""].join("\n");
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}
