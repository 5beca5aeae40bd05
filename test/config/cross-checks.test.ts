import { describe, expect, it } from "vitest";
import { findCrossFaults, isLoopback } from "../../src/config/cross-checks.ts";
import { gatewaySchema } from "../../src/config/schema.ts";

const parse = (changes: object) =>
  gatewaySchema.parse({ model: "m", default_policy: "a", policies: { a: {} }, ...changes });
const fieldsOf = (changes: object) => findCrossFaults(parse(changes)).map(({ path }) => path.join("."));

const reviewer = (name: string, role: string) => ({
  name,
  role,
  password: `scrypt$32768$8$3$${"A".repeat(22)}$${"A".repeat(43)}`,
});

describe("findCrossFaults", () => {
  it("finds nothing in a plain configuration", () => {
    expect(fieldsOf({})).toEqual([]);
  });

  it("finds keys that share an id or a hash", () => {
    const [one, other] = ["0".repeat(64), "1".repeat(64)];
    expect(
      fieldsOf({
        keys: [
          { id: "x", sha256: one },
          { id: "x", sha256: other },
          { id: "y", sha256: one },
        ],
      }),
    ).toEqual(["keys.1.id", "keys.2.sha256"]);
  });

  it("finds a prefill chunk that is larger than the context", () => {
    expect(fieldsOf({ engine: { context_tokens: 64, prefill_chunk_tokens: 65 } })).toEqual([
      "engine.prefill_chunk_tokens",
    ]);
  });

  it("finds a console that others can reach while nobody needs a password, with and without keys", () => {
    const keys = [{ id: "x", sha256: "0".repeat(64) }];
    expect(fieldsOf({ console: { host: "0.0.0.0" } })).toEqual(["console.host"]);
    expect(fieldsOf({ api: { host: "0.0.0.0" }, console: { host: "::" }, keys })).toEqual(["console.host"]);
    expect(fieldsOf({ console: { host: "0.0.0.0" }, review: { reviewers: [reviewer("ada", "lead")] } })).toEqual([]);
  });

  it("finds reviewers who share a name, and reviewers without a lead", () => {
    const fields = (...reviewers: object[]) => fieldsOf({ review: { reviewers } });
    expect(fields(reviewer("ada", "lead"), reviewer("bo", "reviewer"))).toEqual([]);
    expect(fields(reviewer("ada", "lead"), reviewer("ada", "reviewer"))).toEqual(["review.reviewers.1.name"]);
    expect(fields(reviewer("ada", "reviewer"))).toEqual(["review.reviewers"]);
  });

  it("lets both listeners take a free port", () => {
    expect(fieldsOf({ api: { port: 0 }, console: { port: 0 } })).toEqual([]);
  });
});

describe("isLoopback", () => {
  it("knows this machine's own addresses from those that others reach", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "example.com"].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
