import { expect, test } from "vitest";
import { createLengths, lengthBucket } from "../../src/metrics/reply-lengths.ts";

test.each([
  [1, 16],
  [16, 16],
  [17, 32],
  [64, 64],
  [1024, 1024],
])("a reply of at most %i tokens is in the bucket %i", (maxTokens, bucket) => {
  expect(lengthBucket(maxTokens)).toBe(bucket);
});

test("what remains is the median over those replies of the bucket that were longer", () => {
  const lengths = createLengths();
  for (const generatedTokens of [2, 3, 20, 30, 40, 50, 60, 64]) lengths.add({ maxTokens: 64, generatedTokens });
  lengths.add({ maxTokens: 512, generatedTokens: 400 });
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 10 })).toBe(35);
  expect(lengths.remaining({ maxTokens: 40, generatedTokens: 20 })).toBe(30);
});

test("nothing is said where fewer than five replies were longer", () => {
  const lengths = createLengths();
  for (const generatedTokens of [20, 30, 40, 50]) lengths.add({ maxTokens: 64, generatedTokens });
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 1 })).toBeUndefined();
  lengths.add({ maxTokens: 64, generatedTokens: 60 });
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 1 })).toBe(39);
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 25 })).toBeUndefined();
  expect(lengths.remaining({ maxTokens: 512, generatedTokens: 1 })).toBeUndefined();
});

test("the newest two thousand replies count", () => {
  const lengths = createLengths();
  for (let reply = 0; reply < 2_000; reply += 1) lengths.add({ maxTokens: 64, generatedTokens: 60 });
  for (let reply = 0; reply < 2_000; reply += 1) lengths.add({ maxTokens: 64, generatedTokens: 11 });
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 1 })).toBe(10);
  expect(lengths.remaining({ maxTokens: 64, generatedTokens: 20 })).toBeUndefined();
});
