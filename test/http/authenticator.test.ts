import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/http/authenticator.ts";
import type { ApiKey } from "../../src/http/options.ts";
import { notingObserver } from "./noting-observer.ts";

const keyed = (id: string, changes: Partial<ApiKey> = {}): ApiKey => ({
  id,
  sha256: createHash("sha256").update(`${id}-key`).digest("hex"),
  mayTighten: false,
  ...changes,
});

function setUp(keys: readonly ApiKey[]) {
  const { observer, decisions } = notingObserver();
  return { authenticate: createAuthenticator({ keys, observer, clock: () => 1_000 }), decisions };
}

const KEYS = [
  keyed("good"),
  keyed("off", { disabled: true }),
  keyed("old", { expiresAt: 1_000 }),
  keyed("fresh", { expiresAt: 1_001 }),
];

test("without keys everyone may call", () => {
  const { authenticate, decisions } = setUp([]);
  expect(authenticate(undefined)).toBeUndefined();
  expect(decisions).toEqual([{ result: "allow", reason: "open" }]);
});

test.each([
  ["Bearer good-key", "good"],
  ["bearer  good-key", "good"],
  ["Bearer fresh-key", "fresh"],
])("%s is the key %s", (header, id) => {
  const { authenticate, decisions } = setUp(KEYS);
  expect(authenticate(header)?.id).toBe(id);
  expect(decisions).toEqual([{ result: "allow", reason: "key" }]);
});

test.each([
  [undefined, "missing"],
  ["", "missing"],
  ["good-key", "missing"],
  ["Basic good-key", "missing"],
  ["Bearer ", "missing"],
  ["Bearer good-key extra", "missing"],
  ["Bearer good-ke", "unknown"],
  [`Bearer ${KEYS[0]?.sha256}`, "unknown"],
  ["Bearer off-key", "disabled"],
  ["Bearer old-key", "expired"],
])("%s is refused as %s, in the same words", (header, reason) => {
  const { authenticate, decisions } = setUp(KEYS);
  expect(() => authenticate(header)).toThrow(
    expect.objectContaining({
      code: "invalid_api_key",
      message: "The API key is missing, unknown, expired or disabled.",
    }),
  );
  expect(decisions).toEqual([{ result: "deny", reason }]);
});

test("a key whose hash is broken matches nothing", () => {
  const { authenticate } = setUp([keyed("broken", { sha256: "" })]);
  expect(() => authenticate("Bearer ")).toThrow();
  expect(() => authenticate("Bearer x")).toThrow();
});
