import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openConsole } from "../../src/cli/console-client.ts";
import { startLiveConsole } from "../support/live-console.ts";

async function openLive(...people: Parameters<typeof startLiveConsole>) {
  const console = await startLiveConsole(...people);
  onTestFinished(() => console.stop().then(() => undefined));
  return console;
}
const noPassword = () => expect.fail("no password was to be asked for");

test("without passwords a name is enough, and a logout ends the session", async () => {
  const { url, logins } = await openLive();
  const client = await openConsole({ url, name: "ada", password: noPassword });
  expect(logins()).toBe(1);
  await client.logout();
  expect(logins()).toBe(0);
  const { signal } = new AbortController();
  await expect(client.watch(signal).next()).rejects.toMatchObject({ code: "login_required" });
});

test("a wrong password and a reviewer are refused by the console's own words", async () => {
  const { url } = await openLive({
    ada: { role: "lead", password: "right" },
    bob: { role: "reviewer", password: "bob's" },
  });
  const open = (name: string, password: string) => openConsole({ url, name, password: async () => password });
  await expect(open("ada", "wrong")).rejects.toMatchObject({ code: "login_failed" });
  const bob = await open("bob", "bob's");
  await expect(bob.watch(new AbortController().signal).next()).rejects.toMatchObject({ code: "role_required" });
});

test("events come as they happen until the signal", async () => {
  const { url, live } = await openLive();
  const client = await openConsole({ url, name: "ada", password: noPassword });
  const aborter = new AbortController();
  const events = client.watch(aborter.signal);
  expect((await events.next()).value).toMatchObject({ type: "snapshot", live: [] });
  live.refused({ requestId: "r", operation: "chat", keyId: null, code: "overloaded" });
  expect((await events.next()).value).toMatchObject({ type: "refused", requestId: "r" });
  aborter.abort();
  await expect(events.next()).rejects.toThrow();
});

test("what is no console is said to be none", async () => {
  const server = createServer((_request, response) => response.writeHead(404).end("nothing")).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const login = { name: "ada", password: noPassword };
  await expect(openConsole({ ...login, url: `http://127.0.0.1:${port}` })).rejects.toThrow(
    "/api/session is answered with status 404: is this the console?",
  );
  await expect(openConsole({ ...login, url: "http://127.0.0.1:1" })).rejects.toThrow(/cure: start the gateway/);
});
