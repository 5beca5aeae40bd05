import { expect, it } from "vitest";
import { pickCanaries } from "../../src/detect/canary.ts";
import type { DetectorCase } from "../../src/detect/cases.ts";

const entry = (name: string, fires: boolean, fields: Partial<DetectorCase> = {}): DetectorCase => ({
  name,
  line: 1,
  input: { type: "prompt", text: name },
  maxTokens: 0,
  expect: fires ? { fires, margin: 0.2, names: "Japan" } : { fires, margin: 0.2 },
  ...fields,
});

it("takes the first case that must fire and the first that must not", () => {
  const cases = [entry("a", true), entry("b", true), entry("c", false), entry("d", false)];
  expect(pickCanaries("sea", cases)).toEqual([
    { detector: "sea", name: "a", expect: "fires", text: { input: { type: "prompt", text: "a" }, maxTokens: 0 } },
    { detector: "sea", name: "c", expect: "clear", text: { input: { type: "prompt", text: "c" }, maxTokens: 0 } },
  ]);
});

it("takes one that only reads where there is one, and one that writes where there is none", () => {
  const cases = [
    entry("writes", true, { maxTokens: 32 }),
    entry("reads a reply", true, { maxTokens: 24, reply: "It is." }),
    entry("writes, too", false, { maxTokens: 24 }),
  ];
  expect(pickCanaries("sea", cases)).toMatchObject([
    { name: "reads a reply", text: { reply: "It is." } },
    { name: "writes, too", text: { maxTokens: 24 } },
  ]);
});

it("makes none of an answer that no case has", () => {
  expect(pickCanaries("sea", [entry("a", false)]).map(({ expect: answer }) => answer)).toEqual(["clear"]);
  expect(pickCanaries("sea", [])).toEqual([]);
});
