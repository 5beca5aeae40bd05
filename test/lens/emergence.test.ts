import { expect, test } from "vitest";
import { emergesAt } from "../../src/lens/emergence.ts";

test.each([
  [[false, true, true], 1],
  [[true, true], 0],
  [[true, false, true], 2],
  [[true, false], null],
  [[false], null],
])("an answer that is first at %j emerges at %j", (isFirst, at) => {
  expect(emergesAt(isFirst)).toBe(at);
});
