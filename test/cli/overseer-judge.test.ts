import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { answerTokens, encodeQuestion, judgeMessage, openJudge, questionFor } from "../../src/cli/overseer-judge.ts";
import { runToEnd } from "../../src/engine/run-to-end.ts";
import type { LabelledRow } from "../../src/training/labelled-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { engine: { context_tokens: 256 } } });
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

function rowOf(content: RowContent, line = 1): LabelledRow {
  const place = { file: "rows.jsonl", line };
  return { id: `r${line}`, label: 1, tier: "", group: "g", stratum: "", content, onset: null, ...place };
}

const TALK: RowContent = {
  type: "chat",
  turns: [
    { role: "system", content: "You sell pianos." },
    { role: "user", content: "Is it sound?" },
    { role: "assistant", content: "It has a crack." },
  ],
};

describe("the text judge", () => {
  it("answers with the log-odds that the engine's own log-probabilities give", async () => {
    const { vocabulary } = command.model.facts;
    const { yes, no } = answerTokens(command.model.tokenizer);
    const judge = await openJudge(command);
    try {
      for (const text of ["The sun rises in the east.", `A story. ${"It rained on the hill. ".repeat(12)}`]) {
        const row = rowOf({ type: "text", text });
        const ids = encodeQuestion(command, { row, text: "I see." }, "Is there rain in it?");
        const run = command.engine.generate({
          id: `judge-${text.length}`,
          prompt: ids,
          judged: new Uint8Array(ids.length),
          policy: command.policy,
          deadlineMs: 60_000,
          maxTokens: 1,
          stop: [],
          sampling: { temperature: 0, topP: 1, topK: 0, seed: 0 },
          topLogprobs: vocabulary,
        });
        const [first] = (await runToEnd(run)).released;
        const logprobs = new Map(first?.top?.map(({ id, logprob }) => [id, logprob]));
        expect(logprobs.size).toBe(vocabulary);
        const mass = (tokens: Int32Array) => tokens.reduce((sum, id) => sum + Math.exp(logprobs.get(id) ?? NaN), 0);
        const odds = Math.log(mass(yes)) - Math.log(mass(no));
        expect(Number.isFinite(odds)).toBe(true);
        expect(await judge.ask(ids)).toBeCloseTo(odds, 3);
      }
    } finally {
      await judge.close();
    }
  });

  it("forgets what it was asked before", async () => {
    const judge = await openJudge(command);
    const [one, other] = ["Yes or no?", "Say something else."].map(
      (text) => command.model.prompts.encodeChat([{ role: "user", content: text }]).ids,
    );
    try {
      const ask = (ids: Int32Array | undefined) => judge.ask(ids ?? new Int32Array(0));
      const first = await ask(one);
      await ask(other);
      expect(await ask(one)).toBe(first);
    } finally {
      await judge.close();
    }
  });

  it("sums every spelling of an answer that is one token", () => {
    const { tokenizer } = command.model;
    const { yes, no } = answerTokens(tokenizer);
    const texts = (ids: Int32Array) => Array.from(ids, (id) => tokenizer.textOf(id));
    expect(texts(yes)).toEqual(expect.arrayContaining(["Yes", " Yes", "yes", " yes"]));
    expect(texts(no)).toEqual(expect.arrayContaining(["No", " No", "no", " no"]));
    expect(new Set([...yes, ...no]).size).toBe(yes.length + no.length);
  });

  it("is refused for a vocabulary without the answers", () => {
    const tokenOf = (text: string) => (text.trim().toLowerCase() === "yes" ? 1 : undefined);
    expect(() => answerTokens({ tokenOf })).toThrow("the vocabulary has no token for No, no, NO");
  });
});

describe("what the judge reads", () => {
  it("is the conversation turn by turn, then the question", () => {
    const question = questionFor({ description: "The reply is a lie." });
    expect(judgeMessage(TALK.type === "chat" ? TALK.turns : [], question)).toBe(
      [
        "Read this conversation.",
        "System: You sell pianos.",
        "User: Is it sound?",
        "Assistant: It has a crack.",
        'Is this true of the conversation: "The reply is a lie." Answer yes or no.',
      ].join("\n\n"),
    );
  });

  it("holds a row's own reply, or the one that was written, once", () => {
    const textOf = (ids: Int32Array) => Array.from(ids, (id) => command.model.tokenizer.textOf(id)).join("");
    const own = textOf(encodeQuestion(command, { row: rowOf(TALK), text: "It has a crack." }, "Q?"));
    expect(own.split("It has a crack.")).toHaveLength(2);
    const written = textOf(encodeQuestion(command, { row: rowOf({ type: "text", text: "Hm?" }), text: "Aha." }, "Q?"));
    expect(written).toContain("User: Hm?\n\nAssistant: Aha.\n\nQ? Answer yes or no.<|im_end|>");
    expect(written.endsWith("assistant\n")).toBe(true);
  });

  it("is refused with its place where it does not fit", async () => {
    const long = { row: rowOf({ type: "text", text: "word ".repeat(240) }, 7), text: "Yes." };
    expect(await problemsOf(() => encodeQuestion(command, long, "Is it long?"))).toEqual([
      expect.stringMatching(/^rows\.jsonl:7: the row has \d+ tokens, the context holds 256 \(cure: shorten it/),
    ]);
  });
});
