import { expect, test } from "vitest";
import { check, SCHEMAS } from "../../src/review/requests.ts";
import { traceId } from "../conformance/samples.ts";

test("defaults are filled in and numbers are read from the query", () => {
  expect(check(SCHEMAS.list, { limit: "3" })).toEqual({ limit: 3, offset: 0 });
  expect(check(SCHEMAS.claim, { reviewer: " ada " })).toEqual({ reviewer: "ada", leaseMs: 300_000 });
  expect(check(SCHEMAS.decide, { verdict: "unsure", reviewer: "ada" })).toEqual({
    verdict: "unsure",
    reviewer: "ada",
    note: "",
  });
});

test("what does not fit is refused with the field at fault", () => {
  const rows = [
    [SCHEMAS.path, { traceId: "tr_1; DROP TABLE traces" }, "traceId"],
    [SCHEMAS.list, { limit: "0" }, "limit"],
    [SCHEMAS.list, { limit: "1e9" }, "limit"],
    [SCHEMAS.list, { state: "lost" }, "state"],
    [SCHEMAS.claim, { reviewer: "  " }, "reviewer"],
    [SCHEMAS.claim, { reviewer: "ada", leaseMs: 1e12 }, "leaseMs"],
    [SCHEMAS.claim, { reviewer: "ada", traceId: `${traceId(1)}0` }, "traceId"],
    [SCHEMAS.decide, { verdict: "guilty", reviewer: "ada" }, "verdict"],
    [SCHEMAS.decide, { verdict: "unsure", reviewer: "ada", note: "x".repeat(10_001) }, "note"],
    [SCHEMAS.decide, { verdict: "unsure", reviewer: ["ada"] }, "reviewer"],
  ] as const;
  for (const [schema, value, param] of rows) {
    expect(() => check(schema, value)).toThrow(expect.objectContaining({ code: "invalid_request", param }));
  }
});

test("unknown fields and a body that is no object are refused", () => {
  expect(() => check(SCHEMAS.decide, { verdict: "unsure", reviewer: "ada", verdit: "x" })).toThrow(/verdit/);
  for (const body of [undefined, null, "text", []]) {
    expect(() => check(SCHEMAS.claim, body)).toThrow(expect.objectContaining({ code: "invalid_request", param: null }));
  }
});
