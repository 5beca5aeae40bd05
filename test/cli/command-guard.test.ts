import { Command } from "commander";
import { expect, it } from "vitest";
import { guard } from "../../src/cli/command-guard.ts";
import { ConfigError, GatewayError } from "../../src/errors.ts";

async function run(action: () => Promise<string>) {
  let [out, error] = ["", ""];
  const command = new Command("one").exitOverride();
  command.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
  const thrown: unknown = await guard(command, action).catch((reason: unknown) => reason);
  return { out, error, thrown };
}

it("prints what the action says, on a line of its own", async () => {
  expect(await run(async () => "done")).toEqual({ out: "done\n", error: "", thrown: undefined });
});

it.each([
  new GatewayError("not_found", "There is no \u001b[2J."),
  new ConfigError([{ file: "\u001b[2J", message: "is wrong", cure: "mend it" }]),
])("prints what a caller can mend, without a raw control character", async (fault) => {
  const { out, error, thrown } = await run(() => Promise.reject(fault));
  expect([out, thrown]).toMatchObject(["", { exitCode: 1 }]);
  expect(error).toMatch(/^error: .*⟨U\+001B⟩/);
});

it("throws what nobody expected", async () => {
  expect((await run(() => Promise.reject(new TypeError("broken")))).thrown).toBeInstanceOf(TypeError);
});
