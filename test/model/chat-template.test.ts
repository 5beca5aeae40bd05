import { beforeAll, describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { createChatTemplate, type ChatTemplate, type ChatTurn } from "../../src/model/chat-template.ts";
import { readFixture, type ChatFixture } from "../support/reference.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

const fixture = readFixture<ChatFixture>("reference/chats.json");
const names = { bos: "<|im_start|>", eos: "<|im_end|>" };
let chat: ChatTemplate;
beforeAll(async () => {
  chat = createChatTemplate((await vendoredVocabulary()).chatTemplate ?? "");
});

function user(content: string): ChatTurn[] {
  return [{ role: "user", content }];
}

function marked(template: ChatTemplate, turns: readonly ChatTurn[]): (string | number)[][] {
  const { text, spans } = template.render(turns, names);
  return spans.map((span) => [span.turn, text.slice(span.start, span.end)]);
}

describe("the model's template", () => {
  it("renders every conversation as the reference does, and knows where all content is", () => {
    for (const { messages, text } of fixture.chats) {
      expect(chat.render(messages, names).text).toBe(text);
      expect(marked(chat, messages)).toEqual(
        messages.map(({ content }, turn) => [turn, content]).filter(([, content]) => content !== ""),
      );
    }
  });

  it("keeps private-use characters in content apart from its marks", () => {
    const content = "\ue000 a \ue001\ue0000\ue000 b \ue002";
    expect(marked(chat, user(content))).toEqual([[0, content]]);
  });

  it("tells turns of like content apart", () => {
    const turns = ["hi", "hi", "hi"].map((content, index) => ({ role: index === 1 ? "assistant" : "user", content }));
    const spans = chat.render(turns, names).spans;
    expect(spans.map((span) => span.turn)).toEqual([0, 1, 2]);
    expect(new Set(spans.map((span) => span.start)).size).toBe(3);
  });

  it("refuses content that uses every private-use character", () => {
    const all = Array.from({ length: 6400 }, (_, index) => String.fromCharCode(0xe000 + index)).join("");
    expect(() => chat.render(user(all), names)).toThrow(/every private-use character/);
  });
});

describe("a template that trims", () => {
  const trimming = createChatTemplate(fixture.trimmingTemplate);

  it("renders every conversation as the reference does, and marks the trimmed content", () => {
    for (const { messages, trimmed } of fixture.chats) {
      expect(trimming.render(messages, names).text).toBe(trimmed);
      expect(marked(trimming, messages)).toEqual(
        messages.map(({ content }, turn) => [turn, content.trim()]).filter(([, content]) => content !== ""),
      );
    }
  });

  it("refuses messages with its own words", () => {
    const refused = (): unknown => trimming.render([{ role: "tool", content: "x" }], names);
    expect(refused).toThrow(GatewayError);
    expect(refused).toThrow(/Only system, user and assistant speak here\./);
    expect(refused).toThrow(expect.objectContaining({ code: "invalid_request", param: "messages" }));
  });
});

describe("an unusual template", () => {
  it("that leaves a turn out gives it no span", () => {
    const last = createChatTemplate("{{ messages[-1]['content'] }}");
    expect(marked(last, [...user("a"), ...user("b")])).toEqual([[1, "b"]]);
  });

  it("that repeats a turn gives a span for each place", () => {
    const twice = createChatTemplate("{{ messages[0]['content'] }}-{{ messages[0]['content'] }}");
    expect(marked(twice, user("a"))).toEqual([
      [0, "a"],
      [0, "a"],
    ]);
  });

  it.each([
    ["cuts content", "{{ messages[0]['content'][:3] }}"],
    ["prints the length of content", "{{ messages[0]['content'] | length }}"],
    [
      "looks at its first character",
      "{% if messages[0]['content'][0] == 'h' %}h!{% endif %}{{ messages[0]['content'] }}",
    ],
    ["keeps a part", "{{ messages[0]['content'].split('l')[0] }}"],
  ])("that %s is refused, for then what to judge cannot be told", (_, source) => {
    const refused = (): unknown => createChatTemplate(source).render(user("hello"), names);
    expect(refused).toThrow(expect.objectContaining({ code: "internal_error" }));
  });

  it("that does not parse is refused at once", () => {
    expect(() => createChatTemplate("{% for %}")).toThrow(/chat template does not parse/);
  });
});
