import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { encode, judgeReplies, type ReplyRow } from "../../src/cli/calibrate-replies.ts";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { runToEnd } from "../../src/engine/run-to-end.ts";
import { contentKey } from "../../src/training/ordinary-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { useCommandEngine } from "../support/command-engine.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const detectors = fileURLToPath(new URL("../../detectors", import.meta.url));
const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { detectors, engine: { context_tokens: 96 } } });
const folder = mkdtempSync(join(tmpdir(), "lensgate-replies-"));
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowOf = (content: RowContent, line = 1): ReplyRow => ({
  key: contentKey(content),
  content,
  file: "rows.jsonl",
  line,
});
const text = rowOf({ type: "text", text: "Tell me about sushi." });
const turns = rowOf({
  type: "chat",
  turns: [
    { role: "user", content: "Tell me about sushi." },
    { role: "assistant", content: "Sushi is a traditional dish of rice and raw fish." },
  ],
});
const OPTIONS = { replyTokens: 6, scoresFolder: folder, compared: 5, onProgress: () => undefined };

describe("judgeReplies", () => {
  it("scores a text by what the model writes to it, and a conversation with a reply by reading it", async () => {
    const judged = await judgeReplies(command, [text, turns], OPTIONS);
    const country = judged.get("country-channel");
    expect([...judged.keys()].sort()).toEqual([
      "audit-approval",
      "audit-watched",
      "country-channel",
      "country-implied",
      "deception-lie",
      "harm-intent",
    ]);
    // A reply that was given is not read twice.
    expect(country?.compared).toEqual([0]);
    const { prompt } = encode(command, text);
    const base = { id: "x", prompt: prompt.ids, judged: prompt.judgedAll, policy: command.policy, deadlineMs: 60_000 };
    const sampling = { temperature: 0, topP: 1, topK: 0, seed: 0 };
    const { end } = await runToEnd(command.engine.generate({ ...base, maxTokens: 6, stop: [], sampling }));
    const expected = end.scores.find(({ detector }) => detector === "country-channel")?.score;
    expect(country?.live[0]).toBe(expected);
    // The written reply has the same tokens when it is read again; chunks round differently.
    expect(Math.abs((country?.scan[0] ?? NaN) - (expected ?? NaN))).toBeLessThan(0.5);
    const detector = command.detectors.find(({ id }) => id === "country-channel");
    expect(country?.live[1]).toBeGreaterThan(detector?.threshold ?? NaN);
  });

  it("resumes: only what is missing is judged, and progress counts that alone", async () => {
    const totals: number[] = [];
    const onProgress = (_: number, total: number) => totals.push(total);
    await judgeReplies(command, [text, turns], { ...OPTIONS, onProgress });
    expect(totals).toEqual([]);
    const more = rowOf({ type: "text", text: "Name a bird." }, 2);
    await judgeReplies(command, [text, more, turns], { ...OPTIONS, onProgress });
    expect(totals).toEqual([1, 1]);
  });

  it("refuses a row that does not fit before any is judged, with its place", async () => {
    const long = rowOf({ type: "text", text: "word ".repeat(95) }, 7);
    const fresh = rowOf({ type: "text", text: "Name a tree." }, 6);
    const totals: number[] = [];
    const work = () =>
      judgeReplies(command, [fresh, long], { ...OPTIONS, onProgress: (_, total) => totals.push(total) });
    expect(await problemsOf(work)).toEqual([
      expect.stringMatching(/^rows\.jsonl:7: the row has \d+ tokens, there is room for 95 \(cure: shorten it/),
    ]);
    expect(totals).toEqual([]);
    const odd = rowOf({ type: "chat", turns: [{ role: "No Role", content: "x" }] }, 8);
    expect((await problemsOf(() => judgeReplies(command, [odd], OPTIONS)))[0]).toContain("rows.jsonl:8: ");
  });
});
