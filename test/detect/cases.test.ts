import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCases } from "../../src/detect/cases.ts";
import { problemsOf } from "../support/problems.ts";

const detectors = new URL("../../detectors/", import.meta.url);
const shipped = readdirSync(detectors).filter((name) => name.endsWith(".test.yaml"));

describe("parseCases", () => {
  it("reads chats, prompts and messages with what is expected of them", () => {
    const text = `cases:
  - name: one
    chat: Hello
    expect: { fires: false, margin: 0.5 }
  - name: two
    prompt: Once
    max_tokens: 0
    expect: { fires: true, by: " upon", names: a, margin: 0 }
  - name: three
    messages: [{ role: system, content: s }, { role: user, content: u }]
    reply: done
    expect: { fires: true, margin: 1 }
`;
    expect(parseCases("a.test.yaml", text)).toEqual([
      {
        name: "one",
        line: 2,
        input: { type: "chat", turns: [{ role: "user", content: "Hello" }] },
        maxTokens: 24,
        expect: { fires: false, margin: 0.5 },
      },
      {
        name: "two",
        line: 5,
        input: { type: "prompt", text: "Once" },
        maxTokens: 0,
        expect: { fires: true, by: " upon", names: "a", margin: 0 },
      },
      {
        name: "three",
        line: 9,
        input: {
          type: "chat",
          turns: [
            { role: "system", content: "s" },
            { role: "user", content: "u" },
          ],
        },
        reply: "done",
        maxTokens: 24,
        expect: { fires: true, margin: 1 },
      },
    ]);
  });

  it.each([
    [
      "two inputs",
      "chat: a, prompt: b, expect: { fires: false, margin: 0 }",
      /exactly one of chat, prompt and messages/,
    ],
    ["no input", "expect: { fires: false, margin: 0 }", /exactly one of chat, prompt and messages/],
    [
      "a token count beside a forced reply",
      "chat: a, reply: b, max_tokens: 3, expect: { fires: false, margin: 0 }",
      /max_tokens: has no meaning beside reply/,
    ],
    ["a name for what must not fire", "chat: a, expect: { fires: false, names: b, margin: 0 }", /names: unknown key/],
    ["a case without margin", "chat: a, expect: { fires: false }", /margin: is missing/],
  ])("refuses %s", async (_, entry, expected) => {
    expect((await problemsOf(() => parseCases("a.test.yaml", `cases:\n  - { name: x, ${entry} }\n`)))[0]).toMatch(
      expected,
    );
  });

  it("reads every shipped file of cases, each with one that fires and one that does not", () => {
    expect(shipped).toEqual(
      ["audit-approval", "audit-watched", "country-channel", "country-implied", "deception-lie", "harm-intent"].map(
        (id) => `${id}.test.yaml`,
      ),
    );
    for (const name of shipped) {
      const cases = parseCases(name, readFileSync(new URL(name, detectors), "utf8"));
      expect(new Set(cases.map((each) => each.expect.fires)), name).toEqual(new Set([true, false]));
    }
  });
});
