import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { userName } from "../../src/cli/user-name.ts";

test("is the user of this terminal, or what is said where it has no name", () => {
  const known = (() => {
    try {
      return userInfo().username;
    } catch {
      return undefined;
    }
  })();
  expect(userName()).toBe(known ?? "");
  expect(userName("operator")).toBe(known ?? "operator");
});
