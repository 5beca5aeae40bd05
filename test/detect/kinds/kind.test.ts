import { expect, it } from "vitest";
import { OptionError } from "../../../src/detect/kinds/kind.ts";

it("keeps which option is at fault and what to do about it", () => {
  const error = new OptionError(["taps", 0], "no such tap", "write another");
  expect(error).toMatchObject({
    name: "OptionError",
    path: ["taps", 0],
    message: "no such tap",
    cure: "write another",
  });
});
