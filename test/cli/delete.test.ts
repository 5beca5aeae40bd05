import { Command } from "commander";
import { expect, test } from "vitest";
import { registerDelete } from "../../src/cli/delete.ts";
import { traceId } from "../conformance/samples.ts";
import { openRig } from "../gateway/records-rig.ts";

/** Runs `lensgate delete …` and returns what it printed. */
async function run(...words: string[]) {
  let [out, error] = ["", ""];
  const program = new Command();
  program.exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
  registerDelete(program);
  const failed = await program.parseAsync(["delete", ...words], { from: "user" }).then(
    () => false,
    () => true,
  );
  return { out, error, failed };
}

/** Two flagged requests, in a state folder that is open as a running gateway has it. */
async function setUp() {
  const rig = openRig();
  for (const number of [1, 2]) await rig.flag(number);
  return { ...rig, folder: ["--state-dir", rig.config.stateDir ?? ""] };
}

test("a trace goes by its own id beside a running gateway, with who and why on record", async () => {
  const { records, folder } = await setUp();
  const { out } = await run(traceId(1), "--actor", "lee", "--reason", "asked for", ...folder);
  expect(out).toBe(`deleted: ${traceId(1)}\n`);
  expect(await records.traces.get(traceId(1))).toBeUndefined();
  expect((await records.queue.list({ limit: 9 })).map((item) => item.traceId)).toEqual([traceId(2)]);
  expect((await records.audit.list({ limit: 9 }))[0]?.entry).toMatchObject({
    actor: "lee",
    event: "delete",
    traceId: traceId(1),
    detail: { reason: "asked for" },
  });
});

test("the traces of a request go by its id", async () => {
  const { records, folder } = await setUp();
  const { out } = await run("request-2", "--actor", "lee", "--json", ...folder);
  expect(JSON.parse(out)).toEqual({ deleted: [traceId(2)], everywhere: true });
  expect(await records.traces.get(traceId(2))).toBeUndefined();
});

test("what has no trace is an error that says why", async () => {
  const { folder } = await setUp();
  const { error, failed } = await run("request-\u001b[2J9", "--actor", "lee", ...folder);
  expect(failed).toBe(true);
  expect(error).toMatch(/No trace is kept of request-⟨U\+001B⟩\[2J9: it was not flagged/);
});
