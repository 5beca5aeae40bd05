import { expect, test } from "vitest";
import { CHAT, COMPLETIONS } from "../../src/http/endpoint.ts";

const limits = { bodyBytes: 1024, depth: 8, maxTokens: 64, maxMessages: 8, maxStop: 2, stopLength: 4 };
const prompt = { ids: Int32Array.of(1), judgedAll: Uint8Array.of(0), judgedNew: Uint8Array.of(0) };

test("a chat is encoded as turns and a completion as its text", () => {
  const asked: unknown[] = [];
  const note = (given: unknown) => {
    asked.push(given);
    return prompt;
  };
  const prompts = { encodeChat: note, encodeText: note };
  CHAT.encode(prompts, CHAT.parse({ model: "m", messages: [{ role: "user", content: "Hi" }] }, limits));
  COMPLETIONS.encode(prompts, COMPLETIONS.parse({ model: "m", prompt: "Hi" }, limits));
  expect(asked).toEqual([[{ role: "user", content: "Hi" }], "Hi"]);
});
