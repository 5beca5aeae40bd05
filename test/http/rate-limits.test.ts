import { expect, test } from "vitest";
import { createRateLimits, formatDuration } from "../../src/http/rate-limits.ts";

function openLimits() {
  const time = { now: 0 };
  return { time, limits: createRateLimits(() => time.now) };
}

/** The error's message and wait, or nothing when the work went well. */
function refusalOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("requests of one key are counted together, those of another apart", () => {
  const { limits } = openLimits();
  const enter = (caller: string) => limits.allow(caller, { requestsPerMinute: 2 }).enter();
  enter("a");
  enter("a");
  expect(refusalOf(() => enter("a"))).toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: 30_000 });
  expect(refusalOf(() => enter("b"))).toBeUndefined();
});

test("requests at the same time are bounded until they leave, once each", () => {
  const { limits } = openLimits();
  const open = () => limits.allow("a", { concurrent: 2, requestsPerMinute: 3 });
  const [first, second, third] = [open(), open(), open()];
  first.enter();
  second.enter();
  expect(refusalOf(() => third.enter())).toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: undefined });
  third.leave();
  first.leave();
  first.leave();
  // What was refused for being one too many did not count as a request of the minute.
  third.enter();
  expect(refusalOf(() => open().enter())).toMatchObject({ message: expect.stringContaining("at the same time") });
});

test("tokens are reserved, and what was not used is given back, once", () => {
  const { limits } = openLimits();
  const open = () => limits.allow("a", { tokensPerMinute: 1_000 });
  const reservation = open().reserve(900);
  expect(refusalOf(() => open().reserve(200))).toMatchObject({ retryAfterMs: 6_000 });
  reservation.settle(100);
  reservation.settle(0);
  expect(open().headers()["x-ratelimit-remaining-tokens"]).toBe("900");
});

test("headers tell the limits that there are, and no others", () => {
  const { limits, time } = openLimits();
  expect(limits.allow("free", {}).headers()).toEqual({});
  const allowance = limits.allow("a", { requestsPerMinute: 120, tokensPerMinute: 6_000, concurrent: 1 });
  allowance.enter();
  allowance.reserve(300);
  time.now += 250;
  expect(allowance.headers()).toEqual({
    "x-ratelimit-limit-requests": "120",
    "x-ratelimit-remaining-requests": "119",
    "x-ratelimit-reset-requests": "250ms",
    "x-ratelimit-limit-tokens": "6000",
    "x-ratelimit-remaining-tokens": "5725",
    "x-ratelimit-reset-tokens": "2.75s",
  });
});

test("without limits nothing is refused", () => {
  const { limits } = openLimits();
  const allowance = limits.allow("a", {});
  for (let count = 0; count < 1_000; count += 1) limits.allow("a", {}).enter();
  expect(refusalOf(() => allowance.reserve(1e9).settle(5))).toBeUndefined();
});

test.each([
  [0, "0s"],
  [17, "17ms"],
  [1_000, "1s"],
  [1_500, "1.5s"],
  [60_000, "1m0s"],
  [361_250, "6m1.25s"],
])("%d ms is written %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
