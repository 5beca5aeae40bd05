import { Command } from "commander";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { registerWatch, type WatchOutput } from "../../src/cli/watch.ts";
import { runEnd } from "../trace/scripted-run.ts";
import { startLiveConsole } from "../support/live-console.ts";

const REQUEST = {
  traceId: "tr_1",
  requestId: "r1",
  operation: "chat",
  model: "m",
  policy: "demo",
  mode: "enforce",
  keyId: null,
  promptTokens: 3,
};

type People = NonNullable<Parameters<typeof startLiveConsole>[0]>;

/** The command against a console of its own; `end` interrupts it and waits. */
async function startWatch(
  flags: readonly string[],
  { people = {} as People, environment = {}, isTTY = false, typed = "" } = {},
) {
  const console = await startLiveConsole(people);
  onTestFinished(() => console.stop().then(() => undefined));
  const written: string[] = [];
  const output: WatchOutput = { write: (text) => written.push(text), isTTY, columns: 120, rows: 20 };
  const input = new PassThrough();
  input.end(typed);
  const aborter = new AbortController();
  const program = new Command("lensgate");
  registerWatch(program, { output, input, environment, signal: aborter.signal, retryMs: 20 });
  const done = program.parseAsync(["watch", "--url", console.url, "--reviewer", "ada", ...flags], { from: "user" });
  done.catch(() => undefined);
  const text = () => written.join("");
  return {
    ...console,
    text,
    done,
    /** Resolves when the output matches. */
    shows: (pattern: RegExp) => expect.poll(text, { timeout: 5_000 }).toMatch(pattern),
    async end() {
      aborter.abort();
      await done;
    },
  };
}

test("events are lines where there is no terminal, and an interruption logs out", async () => {
  const watch = await startWatch([]);
  await watch.shows(/0 running\n/);
  watch.live.started(REQUEST);
  watch.live.saw("tr_1", runEnd("abort", { releasedTokens: 2, scores: [] }));
  await watch.shows(/tr_1 {2}started {2}chat {2}demo {2}prompt 3\n.*tr_1 {2}abort {2}2 tokens/);
  await watch.end();
  expect(watch.logins()).toBe(0);
});

test("as JSON every event is one line", async () => {
  const watch = await startWatch(["--json"]);
  await watch.shows(/snapshot/);
  watch.live.refused({ requestId: "r2", operation: "chat", keyId: null, code: "overloaded" });
  await watch.shows(/refused/);
  await watch.end();
  const events = watch
    .text()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  expect(events.map(({ type }) => type)).toEqual(["snapshot", "refused"]);
});

test("a terminal gets a screen, and its own lines back at the end", async () => {
  const watch = await startWatch([], { isTTY: true });
  await watch.shows(/0 running/);
  watch.live.started(REQUEST);
  await watch.shows(/1 running[^]*tr_1 {2}chat/);
  await watch.end();
  expect(watch.text().startsWith("\u001B[?1049h")).toBe(true);
  expect(watch.text().endsWith("\u001B[?1049l")).toBe(true);
});

test("a gateway that restarts is watched again, with a new login where the session is gone", async () => {
  const watch = await startWatch([]);
  await watch.shows(/0 running/);
  await watch.stop();
  watch.logOutAll();
  await watch.restart();
  watch.live.started(REQUEST);
  await watch.shows(/1 running/);
  await watch.end();
});

test("the password comes from the environment or is asked for, and a wrong one ends the command", async () => {
  const people: People = { ada: { role: "lead", password: "correct horse" } };
  const environment = { LENSGATE_CONSOLE_PASSWORD: "correct horse" };
  for (const options of [{ environment }, { typed: "correct horse\n" }]) {
    const watch = await startWatch(["--lines"], { people, ...options });
    await watch.shows(/0 running/);
    await watch.end();
  }
  const refused = await startWatch([], { people, environment: { LENSGATE_CONSOLE_PASSWORD: "wrong" } });
  await expect(refused.done).rejects.toMatchObject({ code: "login_failed" });
});

test("a reviewer who is no lead is refused", async () => {
  const people: People = { ada: { role: "reviewer", password: "correct horse" } };
  const watch = await startWatch([], { people, typed: "correct horse\n" });
  await expect(watch.done).rejects.toMatchObject({ code: "role_required" });
});

test("the configuration says where the console is", async () => {
  const program = new Command("lensgate");
  registerWatch(program, { environment: { LENSGATE_CONSOLE_PORT: "1" } });
  await expect(program.parseAsync(["watch"], { from: "user" })).rejects.toThrow(
    "there is no console at http://127.0.0.1:1 (cure: start the gateway, or name its console with --url)",
  );
});
