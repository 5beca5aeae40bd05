import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { isDeeperThan, readJsonBody } from "../../src/http/json-body.ts";

/** A server that answers with what it read, or with the error's code. */
async function startReader(limits = { bodyBytes: 64, depth: 4 }) {
  const failures: unknown[] = [];
  const server = createServer((request, response) => {
    readJsonBody(request, limits).then(
      (body) => response.end(JSON.stringify({ body })),
      (error: unknown) => {
        failures.push(error);
        response.end(JSON.stringify({ code: error instanceof GatewayError ? error.code : "none" }));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const send = async (body: string | ReadableStream, type = "application/json"): Promise<unknown> => {
    const options: RequestInit & { duplex: "half" } = {
      method: "POST",
      headers: { "content-type": type },
      body,
      duplex: "half",
    };
    return (await (await fetch(`http://127.0.0.1:${port}`, options)).json()) as unknown;
  };
  return { port, send, failures };
}

test("a body within the limits is parsed", async () => {
  const { send } = await startReader();
  expect(await send('{"a":[1,"[[[[[["]}')).toEqual({ body: { a: [1, "[[[[[["] } });
  expect(await send("1", "application/json; charset=UTF-8")).toEqual({ body: 1 });
});

test("a body over the cap is refused, whether or not it says its length", async () => {
  const { send } = await startReader();
  expect(await send(`"${"x".repeat(100)}"`)).toEqual({ code: "body_too_large" });
  const chunks = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(40));
      if ((controller.desiredSize ?? 0) < -2) controller.close();
    },
    start(controller) {
      for (let count = 0; count < 4; count += 1) controller.enqueue(new Uint8Array(40));
    },
  });
  expect(await send(chunks)).toEqual({ code: "body_too_large" });
});

test("a body of exactly the cap is read", async () => {
  const { send } = await startReader();
  expect(await send(`"${"x".repeat(62)}"`)).toEqual({ body: "x".repeat(62) });
});

test.each([
  ["{", "invalid_json"],
  ["[[[[[]]]]]", "invalid_request"],
])("%s is %s", async (body, code) => {
  const { send } = await startReader();
  expect(await send(body)).toEqual({ code });
});

test.each(["text/plain", "application/jsonp", "application/json; charset=latin1", "multipart/form-data"])(
  "%s is not taken",
  async (type) => {
    const { send } = await startReader();
    expect(await send("{}", type)).toEqual({ code: "unsupported_media_type" });
  },
);

test("a client that leaves in the middle of its body ends the reading", async () => {
  const { port, failures } = await startReader();
  const socket = connect(port, "127.0.0.1");
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"a":');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(failures[0]).not.toBeInstanceOf(GatewayError);
});

test("depth counts brackets outside strings", () => {
  expect(isDeeperThan("[[]]", 2)).toBe(false);
  expect(isDeeperThan("[[[]]]", 2)).toBe(true);
  expect(isDeeperThan('["[[\\"[[", {"a]": 1}]', 2)).toBe(false);
  expect(isDeeperThan("[".repeat(1_000_000), 32)).toBe(true);
});
