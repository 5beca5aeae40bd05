import { afterAll, beforeAll, expect, test } from "vitest";
import { logIn } from "../support/console-login.ts";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { runPolicy } from "../support/policy-command.ts";
import { ask, traceIdOf, until } from "../support/wire-reply.ts";

let live: LiveGateway;
beforeAll(async () => {
  live = await startLive({
    detectors: { fires: { at: { generated: 2 } }, breaks: { at: { generated: 2 }, does: "throw" } },
    policies: {
      stops: { detectors: { fires: { action: "abort" } } },
      closed: { detectors: { breaks: { action: "abort" } } },
    },
  });
});
afterAll(() => live.stop());

const policy = (...words: string[]) => runPolicy(live.config.file, ...words);
const active = (detector: string) => live.metric(`oversight_override_active{detector="${detector}",mode="monitor"}`);
const actionOf = async (name: string) => (await ask(live, { content: "Hello", policy: name })).oversight?.action;

test("a detector that is overridden stops nothing within two seconds, says so everywhere, and stops again when it is restored", async () => {
  expect(await actionOf("stops")).toBe("abort");
  await policy("override", "fires", "--for", "2h", "--reason", "it fires at everything");
  await until(async () => (await active("fires")) === 1, 2_000);
  const reply = await ask(live, { content: "Hello", policy: "stops" });
  expect(reply).toMatchObject({ status: 200, finishReason: "length", oversight: { action: "would_abort" } });
  expect(reply.headers.get("x-oversight-policy")).toBe("stops");
  const trace = await live.traces.get(traceIdOf(reply));
  expect(trace?.evidence[0]?.decision.rule).toBe("stops.fires: abort, overridden to monitor");
  expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ action: "would_abort" });

  const { headers } = await logIn(live.console);
  const shown = async (path: string) =>
    (await (await fetch(`${live.console}/api/review/${path}`, { headers })).json()) as { overrides: object[] };
  const override = { detector: "fires", mode: "monitor", actor: "ada", reason: "it fires at everything" };
  expect((await shown("overrides")).overrides).toMatchObject([override]);
  expect((await shown("stats")).overrides).toMatchObject([override]);
  expect((await fetch(`${live.console}/api/review/overrides`)).status).toBe(401);

  await policy("restore", "fires");
  await until(async () => (await active("fires")) === 0, 2_000);
  expect(await actionOf("stops")).toBe("abort");
  expect((await shown("overrides")).overrides).toEqual([]);
});

test("with everything overridden a broken detector refuses nobody, and the caller sees that nothing is held", async () => {
  expect((await ask(live, { content: "Hello", policy: "closed" })).status).toBe(503);
  await policy("override", "--all", "--for", "1h", "--reason", "all of it");
  await until(async () => (await active("(all)")) === 1, 2_000);
  const reply = await ask(live, { content: "Hello", policy: "closed" });
  expect(reply).toMatchObject({ status: 200, finishReason: "length" });
  expect(reply.headers.get("x-oversight-release")).toBe("observe");
  await policy("restore", "--all");
  await until(async () => (await active("(all)")) === 0, 2_000);
  expect((await ask(live, { content: "Hello", policy: "closed" })).status).toBe(503);
});

test("what a lead sets on the console is in force for the very next request, and over for the one after its end", async () => {
  const { headers } = await logIn(live.console, "lea");
  const send = async (method: string, path: string, body: object) =>
    (await (
      await fetch(`${live.console}/api/review/overrides${path}`, { method, headers, body: JSON.stringify(body) })
    ).json()) as { override: { id: string; actor: string } };
  const { override } = await send("POST", "", { detector: "fires", minutes: 5, reason: "a night" });
  expect(override.actor).toBe("lea");
  expect(await actionOf("stops")).toBe("would_abort");
  await send("DELETE", `/${override.id}`, {});
  expect(await actionOf("stops")).toBe("abort");
});
