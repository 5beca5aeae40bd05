import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import {
  codeBlocks,
  codeSpans,
  listDocuments,
  readDocument,
  sectionOf,
  tableRows,
  withoutBlocks,
} from "../support/documents.ts";

const program = createProgram();
const text = readDocument("docs/cli.md");

/** Commands that do something, by full name. */
function leavesOf(command: Command, path = "lensgate"): [string, Command][] {
  return command.commands.flatMap((inner) => {
    const name = `${path} ${inner.name()}`;
    // A command that takes arguments or flags does something itself, whatever is below it.
    const takes = inner.registeredArguments.length + inner.options.length;
    const own: [string, Command][] = inner.commands.length === 0 || takes > 0 ? [[name, inner]] : [];
    return [...own, ...leavesOf(inner, name)];
  });
}

const leaves = leavesOf(program);
const rowsOf = (name: string) => tableRows(sectionOf(text, name)).filter((cells) => cells[0]?.startsWith("`-"));
const flagsOf = (command: Command) => command.options.map((option) => option.flags).sort();

describe("docs/cli.md", () => {
  it("has a section for every command, and none for another", () => {
    const headings = [...text.matchAll(/^## (lensgate .*)$/gm)].map(([, heading = ""]) => heading);
    expect(headings.sort()).toEqual(leaves.map(([name]) => name).sort());
  });

  it.each(leaves)("describes exactly the flags of %s", (name, command) => {
    const documented = rowsOf(name).flatMap((cells) => codeSpans(cells[0] ?? ""));
    expect(documented.sort()).toEqual(flagsOf(command));
  });

  it.each(leaves)("names defaults and choices of %s", (name, command) => {
    for (const option of command.options) {
      const [, fallback = "", meaning = ""] = rowsOf(name).find((cells) => cells[0] === `\`${option.flags}\``) ?? [];
      const given: unknown = option.defaultValue;
      if (option.mandatory) expect(fallback).toBe("required");
      else if (typeof given === "string" && given !== "") expect(fallback.replaceAll("`", "")).toBe(given);
      else if (typeof given === "number") expect(fallback).toBe(String(given));
      else if (given === false) expect(fallback).toBe("off");
      for (const choice of option.argChoices ?? []) expect(codeSpans(meaning)).toContain(choice);
    }
  });

  it("shows the arguments of every command that takes some", () => {
    for (const [name, command] of leaves) {
      for (const argument of command.registeredArguments)
        expect(sectionOf(text, name)).toMatch(argumentPattern(name, argument.name()));
    }
  });
});

function argumentPattern(command: string, argument: string): RegExp {
  return new RegExp(`\`${command} ("${argument.toUpperCase()}"|[<[]${argument}(\\.\\.\\.)?[>\\]])`);
}

describe("the commands in the documents", () => {
  const written = listDocuments().flatMap((path) => {
    const markdown = readDocument(path);
    const typed = codeBlocks(markdown, "console").flatMap((block) =>
      [...block.matchAll(/^\$ npx (lensgate .*)$/gm)].map(([, line = ""]) => line),
    );
    const spoken = codeSpans(withoutBlocks(markdown)).flatMap(
      (code) => /^(?:npx )?(lensgate [a-z].*)$/.exec(code)?.[1] ?? [],
    );
    return [...typed, ...spoken].map((line) => [path, line] as const);
  });

  it.each(written)("exist, with their flags: %s: %s", (_path, line) => {
    const [, ...words] = line.split(" ");
    let command = program;
    for (const word of words) command = command.commands.find((inner) => inner.name() === word) ?? command;
    expect(command).not.toBe(program);
    const flags = words.filter((word) => word.startsWith("--"));
    expect(command.options.map((option) => option.long)).toEqual(expect.arrayContaining(flags));
  });

  it("are found", () => {
    expect(written.length).toBeGreaterThan(20);
  });
});
