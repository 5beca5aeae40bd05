import { expect, it } from "vitest";
import { userName } from "../../src/cli/user-name.ts";

const nobody = () => {
  throw new Error("no such user");
};

it("is the user of this terminal, or what stands for one without a name", () => {
  expect(userName("", () => ({ username: "ada" }))).toBe("ada");
  expect(userName("operator", nobody)).toBe("operator");
  expect(userName(undefined, nobody)).toBe("");
});
