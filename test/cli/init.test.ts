import { Command } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { registerInit } from "../../src/cli/init.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

async function run(...words: string[]): Promise<string> {
  let out = "";
  const program = new Command().exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr() {} });
  registerInit(program);
  await program.parseAsync(["init", ...words], { from: "user" });
  return out;
}

test("key and passwords are printed once, and a second run says that there is nothing to do", async () => {
  const folder = temporaryFolder();
  const flags = ["--folder", folder, "--grafana", join(folder, "grafana")];
  const shown = await run(...flags);
  expect(shown).toMatch(/API: key lg_[\w-]{43}\n/);
  expect(shown).toMatch(/Console: user lead, password [\w-]{24}\n/);
  expect(shown).toContain(`Grafana: user admin, password ${readFileSync(join(folder, "grafana"), "utf8").trim()}`);
  expect(await run(...flags)).toBe(`${folder} is set up already; nothing is changed\n`);
});

test("without a folder nothing is written", async () => {
  await expect(run()).rejects.toMatchObject({ code: "commander.missingMandatoryOptionValue" });
});
