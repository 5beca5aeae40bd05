import { describe, expect, test } from "vitest";
import { createTokenBucket } from "../../src/http/token-bucket.ts";

function openBucket() {
  const time = { now: 1_000 };
  return { time, bucket: createTokenBucket(() => time.now) };
}

test("a full bucket gives a minute's allowance at once, then one unit at a time", () => {
  const { time, bucket } = openBucket();
  const waits = Array.from({ length: 61 }, () => bucket.take(1, 60));
  expect(waits).toEqual([...Array.from({ length: 60 }, () => 0), 1_000]);
  time.now += 999;
  expect(bucket.take(1, 60)).toBe(1);
  time.now += 1;
  expect([bucket.take(1, 60), bucket.take(1, 60)]).toEqual([0, 1_000]);
});

test("a refused cost takes nothing", () => {
  const { bucket } = openBucket();
  bucket.take(50, 60);
  expect([bucket.take(20, 60), bucket.remaining(60), bucket.take(10, 60)]).toEqual([10_000, 10, 0]);
});

test("a cost above the whole allowance waits for a full bucket and is paid off after", () => {
  const { time, bucket } = openBucket();
  bucket.take(1, 60);
  expect(bucket.take(600, 60)).toBe(1_000);
  time.now += 1_000;
  expect([bucket.take(600, 60), bucket.remaining(60)]).toEqual([0, 0]);
  expect(bucket.take(1, 60)).toBe(541_000);
});

test("what is given back is there at once, and a bucket is never more than full", () => {
  const { bucket } = openBucket();
  bucket.take(40, 60);
  bucket.giveBack(30, 60);
  expect([bucket.remaining(60), bucket.fullAfterMs(60)]).toEqual([50, 10_000]);
  bucket.giveBack(100, 60);
  expect([bucket.remaining(60), bucket.fullAfterMs(60)]).toEqual([60, 0]);
  bucket.giveBack(-70, 60);
  expect([bucket.remaining(60), bucket.fullAfterMs(60)]).toEqual([0, 70_000]);
});

test("another allowance keeps what is used", () => {
  const { bucket } = openBucket();
  bucket.take(50, 60);
  expect([bucket.remaining(100), bucket.remaining(40)]).toEqual([50, 0]);
});

describe("over a long time", () => {
  test("no more is given than the allowance and one full bucket, whatever the odd moments of asking", () => {
    const { time, bucket } = openBucket();
    let taken = 0;
    for (let step = 0; step < 100_000; step += 1) {
      time.now += 7.3;
      if (bucket.take(3, 100) === 0) taken += 3;
    }
    const minutes = (100_000 * 7.3) / 60_000;
    expect(taken).toBeLessThanOrEqual(100 * minutes + 100);
    expect(taken).toBeGreaterThan(100 * minutes + 90);
  });
});
