import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { overseer, registerOverseer, type OverseerFlags } from "../../src/cli/overseer.ts";
import type { OverseerReport } from "../../src/cli/overseer-run.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const live = writeLiveConfig({
  detectors: { stone: { at: { text: " stone" } }, river: { at: { text: " river" } } },
  policies: { held: { hold_tokens: 2, detectors: {} } },
  fields: { default_policy: "held", engine: { context_tokens: 256 } },
});
afterAll(() => live.remove());

const data = join(live.folder, "rows.jsonl");
const rows = [1, 2].flatMap((pair) => [
  { id: `${pair}+`, label: 1, group: `p${pair}`, user: `Question ${pair}?`, assistant: "It is a stone on the hill." },
  { id: `${pair}-`, label: 0, group: `p${pair}`, user: `Question ${pair}?`, assistant: "It is a hill." },
]);
writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

const FLAGS: OverseerFlags = {
  data: [data],
  detector: ["stone"],
  at: "abort",
  replyTokens: 4,
  limit: 100,
  seed: 1,
  rounds: 1,
  config: live.path,
  json: true,
};

describe("lensgate bench overseer", () => {
  it("prints the comparison as JSON, with the hold of the default policy, and question and threshold as they are given", async () => {
    const flags = { ...FLAGS, question: "Is it about rocks?", judgeThreshold: -1000 };
    const report = JSON.parse(await overseer(flags)) as OverseerReport;
    expect(report).toMatchObject({ seed: 1, holdTokens: 2, replyTokens: 4, scored: { positives: 1, negatives: 1 } });
    expect(report.detectors.map(({ detector }) => detector)).toEqual(["stone"]);
    // " stone" is the fourth token; two are held back.
    expect(report.detectors[0]?.byDetector.leak.median?.value).toBe(2);
    const all = { value: 1 };
    expect(report.detectors[0]).toMatchObject({
      question: "Is it about rocks?",
      byJudge: { threshold: -1000, recall: all, falseAlarms: all },
    });
  }, 120_000);

  it("prints a table, with every detector and another hold where that is asked", async () => {
    const { detector: _, ...all } = FLAGS;
    const text = await overseer({ ...all, hold: 0, json: false });
    expect(text).toContain("hold_tokens 0");
    expect(text).toMatch(/^stone: Does what a test wrote down\.$/m);
    expect(text).toMatch(/^river: /m);
    expect(text).toContain("What this does not show");
  }, 120_000);

  it("refuses what does not fit, before the model is loaded", async () => {
    const question = { ...FLAGS, question: "Is it?" };
    await expect(overseer({ ...question, detector: ["stone", "river"] })).rejects.toThrow(
      "--question asks one thing: name one detector with --detector",
    );
    expect((await problemsOf(() => overseer({ ...FLAGS, detector: ["stnoe"] })))[0]).toContain(
      'there is no detector "stnoe"',
    );
    expect((await problemsOf(() => overseer({ ...FLAGS, data: [join(live.folder, "none.jsonl")] })))[0]).toContain(
      "the input cannot be read",
    );
  });

  it("needs a detector", async () => {
    const bare = writeLiveConfig({ detectors: {}, policies: {} });
    const { detector: _, ...all } = FLAGS;
    try {
      await expect(overseer({ ...all, config: bare.path })).rejects.toThrow(
        /there is no detector in .*nothing to compare/,
      );
    } finally {
      bare.remove();
    }
  });
});

describe("registerOverseer", () => {
  it("reads its flags", async () => {
    const program = new Command("bench").exitOverride();
    registerOverseer(program);
    const command = program.commands[0];
    let flags: unknown;
    command?.action((given) => void (flags = given));
    const words = ["--data", "a.jsonl", "b.jsonl", "--detector", "harm", "--judge-threshold", "-1.5", "--hold", "16"];
    await program.parseAsync(["node", "bench", "overseer", ...words]);
    expect(flags).toEqual({
      data: ["a.jsonl", "b.jsonl"],
      detector: ["harm"],
      at: "abort",
      judgeThreshold: -1.5,
      hold: 16,
      replyTokens: 32,
      limit: 400,
      seed: 1,
      rounds: 8,
      config: "gateway.yaml",
      json: false,
    });
  });
});
