import { expect, test } from "vitest";
import { randomHexId, requestIdOf, toUuid } from "../../src/http/request-id.ts";
import { startApi } from "./scripted-api.ts";

test("32 hex digits become a UUID of version 4", () => {
  expect(toUuid("0123456789abcdef0123456789abcdef")).toBe("01234567-89ab-4def-8123-456789abcdef");
  for (let times = 0; times < 50; times += 1) {
    expect(toUuid(randomHexId())).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test.each([
  ["abc-123", true],
  ["~".repeat(256), true],
  ["~".repeat(257), false],
  ["has space", false],
  ["é", false],
])("the caller's id %s is taken: %s", async (id, taken) => {
  const api = await startApi();
  const response = await fetch(`${api.url}/livez`, { headers: { "x-request-id": id } });
  expect(response.headers.get("x-request-id") === id).toBe(taken);
  expect(response.headers.get("x-request-id")).not.toBe("");
});

test("a response without an id has an empty one", () => {
  expect(requestIdOf({ getHeader: () => undefined })).toBe("");
});
