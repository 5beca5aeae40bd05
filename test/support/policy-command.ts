import { Command } from "commander";
import { registerPolicy } from "../../src/cli/policy.ts";

/** Runs `lensgate policy WORDS…` as ada on the state folder of a configuration, beside whatever gateway runs on it. */
export async function runPolicy(configFile: string, ...words: readonly string[]): Promise<string> {
  let out = "";
  const program = new Command().exitOverride().configureOutput({ writeOut: (text) => (out += text) });
  registerPolicy(program);
  const [name = "", ...rest] = words;
  const common = ["--config", configFile, ...(name === "overrides" ? [] : ["--reviewer", "ada"])];
  await program.parseAsync(["policy", name, ...rest, ...common], { from: "user" });
  return out;
}
