import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { VERSION } from "../../src/version.ts";

describe("createProgram", () => {
  it("has every command, each with a sentence about it", () => {
    const program = createProgram();
    expect(program.commands.map((command) => command.name())).toEqual([
      "serve",
      "init",
      "check",
      "lens",
      "scan",
      "detectors",
      "review",
      "find",
      "delete",
      "policy",
      "bench",
      "watch",
    ]);
    const all = program.commands.flatMap((command) => [command, ...command.commands]);
    expect(all.filter((command) => command.description() === "")).toEqual([]);
  });

  it("gives every flag a description", () => {
    const all = createProgram().commands.flatMap((command) => [command, ...command.commands]);
    const bare = all.flatMap((command) => command.options.filter((option) => option.description === ""));
    expect(bare).toEqual([]);
  });

  it("gives a command within a command the flags behind its name, also where both know them", async () => {
    const program = createProgram();
    const lens = program.commands.find((command) => command.name() === "lens");
    const fit = lens?.commands.find((command) => command.name() === "fit");
    let seen: unknown;
    fit?.action((flags) => void (seen = flags));
    await program.parseAsync(["node", "lensgate", "lens", "fit", "--text", "a.txt", "--taps", "23.attn_out"]);
    expect(seen).toMatchObject({ text: "a.txt", taps: "23.attn_out" });
  });

  it("keeps `bench` a command of its own above `bench overseer`", async () => {
    const program = createProgram();
    const bench = program.commands.find((command) => command.name() === "bench");
    const seen: unknown[] = [];
    bench?.action((flags) => void seen.push(flags));
    bench?.commands[0]?.action((flags) => void seen.push(flags));
    await program.parseAsync(["node", "lensgate", "bench", "--rounds", "3"]);
    await program.parseAsync(["node", "lensgate", "bench", "overseer", "--data", "a.jsonl", "--rounds", "5"]);
    expect(seen).toMatchObject([
      { rounds: 3, context: 200 },
      { rounds: 5, data: ["a.jsonl"] },
    ]);
  });

  it("says the version of package.json", () => {
    expect(createProgram().version()).toBe(VERSION);
  });
});
