import { Command } from "commander";
import { expect, test } from "vitest";
import { registerFind } from "../../src/cli/find.ts";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { openRig } from "../gateway/records-rig.ts";

/** Runs `lensgate find …` and returns what it printed. */
async function run(...words: string[]) {
  let [out, error] = ["", ""];
  const program = new Command();
  program.exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
  registerFind(program);
  const failed = await program.parseAsync(["find", ...words], { from: "user" }).then(
    () => false,
    () => true,
  );
  return { out, error, failed };
}

/** A flagged request and one that was not, in a state folder that is open as a running gateway has it. */
async function setUp() {
  const rig = openRig();
  await rig.flag(1);
  await rig.records.scores.add(sampleScoreRow(2, { traceId: traceId(2), requestId: "request-\u001b[2J" }));
  return { ...rig, folder: ["--state-dir", rig.config.stateDir ?? ""] };
}

test("a flagged request is told with what was done about it, beside a running gateway", async () => {
  const { folder } = await setUp();
  const { out, failed } = await run("request-1", ...folder);
  expect(failed).toBe(false);
  expect(out).toMatch(new RegExp(`^${traceId(1)}  \\d{4}-\\d\\d-\\d\\dT[^ ]+Z  flagged\n`));
  for (const part of [
    "request request-1, policy demo, model smollm2-135m-instruct, this gateway",
    "ended abort, action abort, prompt tokens 11",
    `trace: kept; review item ${traceId(1)} waiting`,
  ])
    expect(out).toContain(part);
});

test("so is one that nothing flagged, and what its caller wrote stays text", async () => {
  const { folder } = await setUp();
  const { out } = await run(traceId(2), ...folder);
  expect(out).toContain("request request-⟨U+001B⟩[2J, policy demo");
  expect(out).toContain("not flagged");
  expect(out).toContain("country-channel: not judged");
  expect(out).toContain("trace: none; no review item");
});

test("as JSON it is what the console's API answers", async () => {
  const { folder, records } = await setUp();
  const { out } = await run("request-1", "--json", ...folder);
  expect(JSON.parse(out)).toEqual(await records.finder.find("request-1"));
});

test("where nothing is found the command says why that can be, and fails", async () => {
  const { folder } = await setUp();
  const { error, failed } = await run("request-\u001b[2J9", ...folder);
  expect(failed).toBe(true);
  expect(error).toMatch(/request-⟨U\+001B⟩\[2J9: Nothing is known here under this id\. .*refused before it ran/);
  expect((await run("x".repeat(257), ...folder)).error).toMatch(/error: id: /);
});
