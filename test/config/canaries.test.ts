import { describe, expect, it } from "vitest";
import { findCanaryFaults, toCanaries } from "../../src/config/canaries.ts";
import { gatewaySchema } from "../../src/config/schema.ts";
import type { Policy } from "../../src/decide/policy.ts";

const parse = (canaries?: object) =>
  gatewaySchema.parse({ model: "m", default_policy: "a", policies: { a: {} }, canaries });

const policy: Policy = {
  name: "a",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: { sea: { action: "observe", onError: "closed", confirmWith: "ships" } },
};

describe("canaries of the configuration", () => {
  it("run every quarter of an hour from the cases, when nothing is said", () => {
    expect(toCanaries(parse())).toEqual({ everyMs: 900_000, fromCases: true, prompts: [] });
  });

  it("are prompts to be judged, with or without a reply", () => {
    const prompts = [
      { detector: "sea", chat: "Tell me of waves.", expect: "fires" },
      { detector: "sea", prompt: "Two plus two", reply: " is four", expect: "clear" },
    ];
    expect(toCanaries(parse({ every_minutes: 1, from_cases: false, prompts }))).toEqual({
      everyMs: 60_000,
      fromCases: false,
      prompts: [
        {
          detector: "sea",
          name: "canaries.prompts[0]",
          text: { input: { type: "chat", turns: [{ role: "user", content: "Tell me of waves." }] }, maxTokens: 0 },
          expect: "fires",
        },
        {
          detector: "sea",
          name: "canaries.prompts[1]",
          text: { input: { type: "prompt", text: "Two plus two" }, maxTokens: 0, reply: " is four" },
          expect: "clear",
        },
      ],
    });
  });

  it("need exactly one text to be judged", () => {
    for (const texts of [{}, { chat: "a", prompt: "b" }])
      expect(() => parse({ prompts: [{ detector: "sea", expect: "fires", ...texts }] })).toThrow("chat and prompt");
  });

  it("are refused for detectors that are not there or that no policy runs, but not for those that only confirm", () => {
    const file = parse({
      prompts: ["sea", "ships", "sky", "see"].map((detector) => ({ detector, prompt: "x", expect: "fires" })),
    });
    expect(findCanaryFaults(file, { a: policy }, ["sea", "ships", "sky"])).toMatchObject([
      { path: ["canaries", "prompts", 2, "detector"], message: 'no policy runs the detector "sky"' },
      { path: ["canaries", "prompts", 3, "detector"], message: 'there is no detector "see"' },
    ]);
  });
});
