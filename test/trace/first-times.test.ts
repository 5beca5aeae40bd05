import { expect, test } from "vitest";
import { createFirstTimes } from "../../src/trace/first-times.ts";

test("each id is new once, and from a number on none is", () => {
  const isFirst = createFirstTimes(2);
  expect(["a", "a", "b", "c", "b", "c"].map(isFirst)).toEqual([true, false, true, false, false, false]);
});
