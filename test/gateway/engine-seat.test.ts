import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createEngineSeat } from "../../src/gateway/engine-seat.ts";
import { fakeEngine } from "./fake-engine.ts";

function seatOf() {
  const engine = fakeEngine();
  const seat = createEngineSeat(engine, "00");
  const begin = () => {
    const response = new EventEmitter();
    seat.count(() => undefined)({} as IncomingMessage, response as ServerResponse);
    return () => response.emit("close");
  };
  return { engine, seat, begin };
}

test("an engine is empty when no response is open and no run goes on", async () => {
  const { engine, seat, begin } = seatOf();
  expect(seat.isEmpty).toBe(true);
  const [one, two] = [begin(), begin()];
  one();
  expect(seat.isEmpty).toBe(false);
  engine.live = 1;
  two();
  expect(seat.isEmpty).toBe(false);
  const emptied = seat.emptied(5_000);
  engine.live = 0;
  expect(await emptied).toBe(true);
});

test("waiting for that ends with the limit", async () => {
  const { seat, begin } = seatOf();
  begin();
  expect(await seat.emptied(0)).toBe(false);
});
