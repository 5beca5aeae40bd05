import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startListener, type Listener } from "../../src/http/listener.ts";
import { readEvents } from "./reply-bodies.ts";
import { notingLog } from "./noting-observer.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { promptJudged, released, runEnd } from "../trace/scripted-run.ts";

async function start(
  app: RequestListener,
  changes: { port?: number; requestTimeoutMs?: number } = {},
): Promise<Listener> {
  const listener = await startListener({
    name: "api",
    app,
    host: "127.0.0.1",
    port: 0,
    log: notingLog().log,
    ...changes,
  });
  onTestFinished(() => listener.drain(0).then(() => undefined));
  return listener;
}

const hello: RequestListener = (_, response) => void response.end("hello");

/** An app whose answers stay open until they are ended by hand. */
function openApp() {
  const open: ServerResponse[] = [];
  const app: RequestListener = (_, response) => {
    response.write("begun");
    open.push(response);
  };
  return { app, open };
}

test("a listener says where it is", async () => {
  const listener = await start(hello);
  expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
  expect(await (await fetch(listener.url)).text()).toBe("hello");
});

test("one that listens everywhere can be called by its url", async () => {
  const listener = await startListener({ name: "api", app: hello, host: "0.0.0.0", port: 0, log: notingLog().log });
  onTestFinished(() => listener.drain(0).then(() => undefined));
  expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
  expect((await fetch(listener.url)).status).toBe(200);
});

test("a port in use is named with its cure", async () => {
  const { port } = await start(hello);
  await expect(start(hello, { port })).rejects.toThrow(
    `api cannot listen on 127.0.0.1:${port}: the port is in use (cure: stop the other program, or set api.port)`,
  );
});

test("an address that this machine does not have is named with its cure", async () => {
  const asked = startListener({ name: "console", app: hello, host: "203.0.113.1", port: 0, log: notingLog().log });
  await expect(asked).rejects.toThrow(/console cannot listen on 203\.0\.113\.1:0: .*cure: set console\.host/);
});

test("draining waits for a live answer, then closes", async () => {
  const { app, open } = openApp();
  const listener = await start(app);
  const response = await fetch(listener.url);
  expect(listener.live).toBe(1);
  const drained = listener.drain(5_000);
  await expect(fetch(listener.url)).rejects.toThrow();
  open[0]?.end(" and ended");
  expect(await response.text()).toBe("begun and ended");
  expect(await drained).toEqual({ cut: 0 });
  expect(listener.live).toBe(0);
});

test("draining cuts what outlasts the grace", async () => {
  const { app } = openApp();
  const listener = await start(app);
  const response = await fetch(listener.url);
  expect(await listener.drain(30)).toEqual({ cut: 1 });
  await expect(response.text()).rejects.toThrow();
});

test("draining twice is draining once, and idle connections do not hold it up", async () => {
  const listener = await start(hello);
  await (await fetch(listener.url)).text();
  const [first, second] = await Promise.all([listener.drain(5_000), listener.drain(5_000)]);
  expect(first).toBe(second);
});

test("a live stream is delivered to its end while the gateway drains", async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const api = await startApi(() => ({
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield promptJudged;
      await gate;
      yield released("late");
      yield runEnd("stop");
    },
  }));
  const response = await api.chat({ stream: true });
  const drained = api.listener.drain(5_000);
  release();
  expect((await readEvents(response)).done).toBe(true);
  expect(await drained).toEqual({ cut: 0 });
});

test("a stream that is cut cancels its run", async () => {
  const api = await startApi(() => ({
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield promptJudged;
      await new Promise((resolve) => setTimeout(resolve, 200));
      yield runEnd("stop");
    },
  }));
  await api.chat({ stream: true });
  expect(await api.listener.drain(20)).toEqual({ cut: 1 });
  const outcome = await eventually(() => api.outcomes[0]);
  expect(outcome.error).toBe("cancelled");
});

test("a request that is never finished is given up", async () => {
  const listener = await start(hello, { requestTimeoutMs: 100 });
  const socket = connect(listener.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n");
  socket.resume();
  await once(socket, "close");
  expect(listener.live).toBe(0);
});
