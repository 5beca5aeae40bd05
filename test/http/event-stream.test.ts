import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createEventStream, type EventStream } from "../../src/http/event-stream.ts";

/** The body that a client gets of one stream. */
async function serve(write: (stream: EventStream) => Promise<void> | void, heartbeatMs = 60_000): Promise<Response> {
  const app = express();
  app.get("/", (_request, response) => void write(createEventStream(response, heartbeatMs)));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

test("events are data lines of JSON, ended by [DONE]", async () => {
  const response = await serve((stream) => {
    expect(stream.opened).toBe(false);
    stream.open();
    stream.open();
    expect(stream.opened).toBe(true);
    stream.send({ text: "line\nbreak" });
    stream.end({ done: true });
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(await response.text()).toBe('data: {"text":"line\\nbreak"}\n\ndata: [DONE]\n\n');
});

test("an end in an error has no [DONE]", async () => {
  const response = await serve((stream) => {
    stream.open();
    stream.end({ done: false });
  });
  expect(await response.text()).toBe("");
});

test("silence is filled with comments, activity is not", async () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const response = await serve(async (stream) => {
    stream.open();
    await wait(1000);
    for (let count = 0; count < 5; count += 1) {
      stream.send({});
      await wait(20);
    }
    stream.end({ done: true });
  }, 400);
  expect(await response.text()).toMatch(/^(:\n\n){1,2}(data: {}\n\n){5}data: \[DONE\]\n\n$/);
});

test("a connection that takes more is not waited for, and an abort ends the waiting", async () => {
  const waits: string[] = [];
  const response = await serve(async (stream) => {
    stream.open();
    await stream.drained(new AbortController().signal);
    waits.push("empty");
    stream.send({ text: "x".repeat(10_000_000) });
    await stream.drained(AbortSignal.timeout(20));
    waits.push("full");
    stream.end({ done: false });
  });
  expect((await response.text()).length).toBeGreaterThan(10_000_000);
  expect(waits).toEqual(["empty", "full"]);
});
