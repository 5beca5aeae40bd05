import { describe, expect, it } from "vitest";
import { resolvePolicies } from "../../src/config/policies.ts";

const IDS = ["cats", "dogs"];

describe("resolvePolicies", () => {
  it("takes over from the parent what a policy does not write, inside a rule too", () => {
    const { policies, faults } = resolvePolicies(
      {
        base: {
          hold_tokens: 3,
          detectors: {
            cats: { action: "observe", positions: "generation", on_error: "open" },
            dogs: { action: "flag" },
          },
        },
        strict: { extends: "base", on_abort: "error", detectors: { cats: { action: "abort" } } },
        quiet: { extends: "strict", mode: "monitor" },
      },
      IDS,
    );
    expect(faults).toEqual([]);
    expect(policies["strict"]).toEqual({
      name: "strict",
      mode: "enforce",
      holdTokens: 3,
      onAbort: "error",
      promptScope: "new",
      detectors: {
        cats: { action: "abort", positions: "generation", onError: "open" },
        dogs: { action: "flag", onError: "closed" },
      },
    });
    expect(policies["quiet"]).toEqual({ ...policies["strict"], name: "quiet", mode: "monitor" });
    expect(policies["base"]?.detectors["cats"]?.action).toBe("observe");
  });

  it("lets a re-read go on only where a policy says how far", () => {
    const { policies } = resolvePolicies(
      { base: { continuation_tokens: 8 }, child: { extends: "base" }, none: {} },
      IDS,
    );
    expect(policies["child"]?.continuationTokens).toBe(8);
    expect(policies["none"]).not.toHaveProperty("continuationTokens");
  });

  it("does not care in which order policies stand", () => {
    const { policies } = resolvePolicies({ child: { extends: "base" }, base: { hold_tokens: 0 } }, IDS);
    expect(policies["child"]?.holdTokens).toBe(0);
  });

  it.each([
    [
      "a parent that is not there",
      { a: { extends: "bse" }, base: {} },
      ["policies", "a", "extends"],
      'there is no policy "bse"',
    ],
    [
      "a circle",
      { a: { extends: "b" }, b: { extends: "a" } },
      ["policies", "b", "extends"],
      "the policies extend each other in a circle: a → b → a",
    ],
    [
      "itself",
      { a: { extends: "a" } },
      ["policies", "a", "extends"],
      "the policies extend each other in a circle: a → a",
    ],
    [
      "a rule without action",
      { a: { detectors: { cats: {} } } },
      ["policies", "a", "detectors", "cats", "action"],
      "is missing",
    ],
    [
      "an unknown detector",
      { a: { detectors: { mice: { action: "flag" as const } } } },
      ["policies", "a", "detectors", "mice"],
      'there is no detector "mice"',
    ],
  ])("refuses %s", (_, entries, path, message) => {
    expect(resolvePolicies(entries, IDS).faults).toContainEqual(expect.objectContaining({ path, message }));
  });
});
