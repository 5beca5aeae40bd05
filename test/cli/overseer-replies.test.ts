import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { finishReplies, stopReplies, type FinishedReply } from "../../src/cli/overseer-replies.ts";
import type { LabelledRow } from "../../src/training/labelled-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { LIVE_MODEL, startLive, writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const HOLD = 3;
const DETECTORS = {
  early: { at: { prompt: 1 } },
  late: { at: { generated: 9 } },
  word: { at: { text: " dish" } },
  never: { at: { generated: 500 } },
};
const ids = Object.keys(DETECTORS);
const engine = { context_tokens: 128 };
const policies = Object.fromEntries(
  ids.map((id) => [`stop-${id}`, { hold_tokens: HOLD, detectors: { [id]: { action: "abort" } } }]),
);
const live = writeLiveConfig({ detectors: DETECTORS, policies: {}, fields: { engine } });
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

function rowOf(content: RowContent | string, line = 1): LabelledRow {
  const of = typeof content === "string" ? ({ type: "text", text: content } as const) : content;
  const place = { file: "rows.jsonl", line };
  return { id: `r${line}`, label: 1, tier: "", group: "g", stratum: "", content: of, onset: null, ...place };
}

const QUESTION = "Tell me about sushi.";
const OPTIONS = { replyTokens: 16, onProgress: () => undefined };
const THRESHOLDS = new Map(ids.map((id) => [id, 0.5]));
const STOPPING = { thresholds: THRESHOLDS, holdTokens: HOLD, onProgress: () => undefined };

async function answer(
  api: string,
  policy: string,
  maxTokens: number,
): Promise<{ status: number; tokens: number; text: string }> {
  const body = {
    model: LIVE_MODEL,
    messages: [{ role: "user", content: QUESTION }],
    max_tokens: maxTokens,
    temperature: 0,
  };
  const headers = { "content-type": "application/json", "x-oversight-policy": policy };
  const response = await fetch(`${api}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
  const said = (await response.json()) as {
    usage?: { completion_tokens: number };
    choices?: { message: { content: string } }[];
  };
  const text = said.choices?.[0]?.message.content ?? "";
  return { status: response.status, tokens: said.usage?.completion_tokens ?? 0, text };
}

describe("finished and stopped replies", () => {
  it("are those of a live gateway: the same text, and as many tokens left before the stop", async () => {
    const gateway = await startLive({ detectors: DETECTORS, policies, fields: { engine } });
    try {
      const replies = await finishReplies(command, [rowOf(QUESTION)], OPTIONS);
      const [reply] = replies;
      expect(reply?.tokens).toHaveLength(OPTIONS.replyTokens);
      const left = await stopReplies(command, replies, STOPPING);
      const served = new Map<string, Awaited<ReturnType<typeof answer>>>();
      for (const id of ids) served.set(id, await answer(gateway.api, `stop-${id}`, OPTIONS.replyTokens));
      expect(served.get("never")).toEqual({ status: 200, tokens: OPTIONS.replyTokens, text: reply?.text });
      expect(left.get("never")).toEqual([null]);
      expect(served.get("early")?.status).toBe(400);
      for (const id of ["early", "late", "word"]) expect([id, left.get(id)]).toEqual([id, [served.get(id)?.tokens]]);
      // The tenth token fired when it was read; three steps are held back.
      expect(left.get("late")).toEqual([7]);
      expect(left.get("word")?.[0]).toBeGreaterThan(0);
    } finally {
      await gateway.stop();
    }
  });

  it("are a row's own where it has one, with the largest score of every detector", async () => {
    const content: RowContent = {
      type: "chat",
      turns: [
        { role: "user", content: QUESTION },
        { role: "assistant", content: "It is a dish." },
      ],
    };
    const replies = await finishReplies(command, [rowOf(content)], OPTIONS);
    const [reply] = replies;
    expect(Array.from(reply?.tokens ?? [])).toEqual(command.model.tokenizer.encode("It is a dish."));
    expect(reply?.text).toBe("It is a dish.");
    expect(Object.fromEntries(reply?.scores ?? [])).toEqual({ early: 1, late: 0, never: 0, word: 1 });
    const left = await stopReplies(command, replies, { ...STOPPING, holdTokens: 1 });
    // "It", " is", " a" had left when " dish" was read.
    expect(left.get("word")).toEqual([3]);
    const loose = new Map([...THRESHOLDS, ["word", 1.5]] as const);
    expect((await stopReplies(command, replies, { ...STOPPING, thresholds: loose })).get("word")).toEqual([null]);
  });

  it("are refused with the row's place: one that is too long, before any is read", async () => {
    const seen: number[] = [];
    const long = rowOf("word ".repeat(140), 7);
    const work = () =>
      finishReplies(command, [rowOf(QUESTION), long], { ...OPTIONS, onProgress: (done) => seen.push(done) });
    expect((await problemsOf(work))[0]).toMatch(/^rows\.jsonl:7: the row has \d+ tokens, there is room for 127/);
    expect(seen).toEqual([]);
  });

  it("name the row where a stop does not come", async () => {
    const [reply] = await finishReplies(command, [rowOf(QUESTION, 5)], OPTIONS);
    const wrong = { ...(reply as FinishedReply), scores: new Map([...THRESHOLDS, ["never", 1]] as const) };
    const [problem] = await problemsOf(() => stopReplies(command, [wrong], STOPPING));
    expect(problem).toContain("rows.jsonl:5: never reached its threshold on this row and did not stop it (stop)");
  });
});
