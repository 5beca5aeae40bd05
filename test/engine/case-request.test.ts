import { expect, test } from "vitest";
import { startCase } from "../../src/engine/case-request.ts";
import { canaryPolicy } from "../../src/engine/canary-run.ts";
import type { PromptEncoder } from "../../src/model/prompt.ts";
import type { GenerateRequest, ReadRequest } from "../../src/engine/engine.ts";
import { scriptedRun } from "../trace/scripted-run.ts";

const encoded = (length: number) => ({
  ids: new Int32Array(length),
  judgedAll: new Uint8Array(length).fill(1),
  judgedNew: new Uint8Array(length),
});
const prompts: PromptEncoder = {
  encodeChat: (turns) => encoded(10 * turns.length),
  encodeText: (text) => encoded(text.length),
};
const request = { id: "one", policy: canaryPolicy({}), deadlineMs: 5 };

function started() {
  const asked: [string, GenerateRequest | ReadRequest][] = [];
  const verb = (name: string) => (given: GenerateRequest | ReadRequest) => {
    asked.push([name, given]);
    return scriptedRun([]);
  };
  return { asked, parts: { prompts, engine: { generate: verb("generate"), read: verb("read") } } };
}

test("a case without a reply is written greedily, under its chat template", () => {
  const { asked, parts } = started();
  startCase(parts, { input: { type: "chat", turns: [{ role: "user", content: "Hi" }] }, maxTokens: 3 }, request);
  const { ids: prompt, judgedNew: judged } = encoded(10);
  const sampling = { temperature: 0, topP: 1, topK: 0, seed: 0 };
  expect(asked).toEqual([["generate", { ...request, prompt, judged, maxTokens: 3, stop: [], sampling }]]);
});

test("a reply is read, and so is a prompt that nothing is to be written after", () => {
  const { asked, parts } = started();
  startCase(parts, { input: { type: "prompt", text: "abc" }, reply: "de", maxTokens: 24 }, request);
  startCase(parts, { input: { type: "prompt", text: "abc" }, maxTokens: 0 }, request);
  expect(
    asked.map(([verb, { prompt, ...rest }]) => [verb, prompt.length, "forced" in rest && rest.forced.length]),
  ).toEqual([
    ["read", 3, 2],
    ["read", 3, 0],
  ]);
});
