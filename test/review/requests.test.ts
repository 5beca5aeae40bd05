import { expect, test } from "vitest";
import { check, SCHEMAS } from "../../src/review/requests.ts";
import { traceId } from "../conformance/samples.ts";

test("defaults are filled in and numbers are read from the query", () => {
  expect(check(SCHEMAS.list, { limit: "3" })).toEqual({ limit: 3, offset: 0 });
  expect(check(SCHEMAS.list, { minAgeMinutes: "1.5", action: "blind" })).toMatchObject({ minAgeMinutes: 1.5 });
  expect(check(SCHEMAS.actor, { reviewer: " ada " })).toEqual({ reviewer: "ada" });
  expect(check(SCHEMAS.decide, { verdict: "unsure" })).toEqual({ verdict: "unsure", note: "" });
  expect(check(SCHEMAS.proposals, {})).toEqual({ rate: 0.001 });
});

test("what does not fit is refused with the field at fault", () => {
  const rows = [
    [SCHEMAS.path, { traceId: "tr_1; DROP TABLE traces" }, "traceId"],
    [SCHEMAS.list, { limit: "0" }, "limit"],
    [SCHEMAS.list, { limit: "1e9" }, "limit"],
    [SCHEMAS.list, { state: "lost" }, "state"],
    [SCHEMAS.list, { minAgeMinutes: "-1" }, "minAgeMinutes"],
    [SCHEMAS.actor, { reviewer: "" }, "reviewer"],
    [SCHEMAS.login, { name: "  " }, "name"],
    [SCHEMAS.login, { name: "ad\u200ba" }, "name"],
    [SCHEMAS.login, { name: ["ada"] }, "name"],
    [SCHEMAS.login, { name: "ada", password: "x".repeat(1_001) }, "password"],
    [SCHEMAS.claim, { traceId: `${traceId(1)}0` }, "traceId"],
    [SCHEMAS.claim, { detectors: [] }, "detectors"],
    [SCHEMAS.held, { token: "" }, "token"],
    [SCHEMAS.note, { text: " " }, "text"],
    [SCHEMAS.detector, { detector: "../x" }, "detector"],
    [SCHEMAS.threshold, { rate: 0, threshold: 1 }, "rate"],
    [SCHEMAS.threshold, { rate: 0.1, threshold: Number.NaN }, "threshold"],
    [SCHEMAS.audit, { before: "0" }, "before"],
    [SCHEMAS.decide, { verdict: "guilty" }, "verdict"],
    [SCHEMAS.decide, { verdict: "unsure", note: "x".repeat(10_001) }, "note"],
  ] as const;
  for (const [schema, value, param] of rows) {
    expect(() => check(schema, value)).toThrow(expect.objectContaining({ code: "invalid_request", param }));
  }
});

test("unknown fields and a body that is no object are refused", () => {
  expect(() => check(SCHEMAS.decide, { verdict: "unsure", verdit: "x" })).toThrow(/verdit/);
  for (const body of [undefined, null, "text", []]) {
    expect(() => check(SCHEMAS.claim, body)).toThrow(expect.objectContaining({ code: "invalid_request", param: null }));
  }
});
