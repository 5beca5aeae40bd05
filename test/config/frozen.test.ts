import { expect, it } from "vitest";
import { freezeDeep } from "../../src/config/frozen.ts";

it("freezes maps and lists to the bottom and returns the same value", () => {
  const value = { list: [{ deep: { deeper: 1 } }], nothing: null };
  expect(freezeDeep(value)).toBe(value);
  expect([value, value.list, value.list[0], value.list[0]?.deep].every((part) => Object.isFrozen(part))).toBe(true);
});
