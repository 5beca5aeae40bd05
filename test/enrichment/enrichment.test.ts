import { expect, it } from "vitest";
import { failureOf, RereadError } from "../../src/enrichment/enrichment.ts";

it("records a failure with its time and reason", () => {
  const error = new RereadError("its policy is gone");
  expect(error.name).toBe("RereadError");
  expect(failureOf("tr_1", 5, error.message)).toEqual({
    version: 1,
    traceId: "tr_1",
    madeAt: 5,
    failed: "its policy is gone",
  });
});
