import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCommandEngine } from "../../src/cli/command-engine.ts";
import { encodeQuestion, openJudge, questionFor } from "../../src/cli/overseer-judge.ts";
import { readOverseerRows } from "../../src/cli/overseer-rows.ts";
import { runOverseer, type OverseerPlan, type OverseerReport } from "../../src/cli/overseer-run.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const live = writeLiveConfig({
  detectors: { stone: { at: { text: " stone" } }, river: { at: { text: " river" } } },
  policies: {},
  fields: { engine: { context_tokens: 256 } },
});
afterAll(() => {
  live.remove();
  rmSync(folder, { recursive: true, force: true });
});

const folder = mkdtempSync(join(tmpdir(), "lensgate-overseer-"));
const openCommand = () => openCommandEngine({ config: live.path, action: "observe" });

// Of every pair one reply says " stone" as its fourth token.
const REPLIES = [1, 2, 3, 4].flatMap((pair) => [
  { id: `${pair}+`, label: 1, group: `p${pair}`, user: `Question ${pair}?`, assistant: "It is a stone on the hill." },
  { id: `${pair}-`, label: 0, group: `p${pair}`, user: `Question ${pair}?`, assistant: `It is a hill, no ${pair}.` },
]);

let plan: OverseerPlan;
let report: OverseerReport;
beforeAll(async () => {
  const file = join(folder, "rows.jsonl");
  writeFileSync(file, REPLIES.map((row) => JSON.stringify(row)).join("\n"));
  const data = await readOverseerRows([file], { limit: 100, seed: 1 });
  plan = { data, seed: 1, replyTokens: 8, holdTokens: 1, at: "abort", rounds: 1 };
  report = await runOverseer(await openCommand(), plan);
});

describe("runOverseer", () => {
  it("holds detectors and judge against each other on the same scored rows", () => {
    expect(report).toMatchObject({ model: "smollm2-135m-instruct", precision: "fast", holdTokens: 1, replyTokens: 8 });
    expect([report.choosing, report.scored]).toEqual([
      { positives: 2, negatives: 2 },
      { positives: 2, negatives: 2 },
    ]);
    const [river, stone] = report.detectors;
    expect([river?.detector, stone?.detector]).toEqual(["river", "stone"]);
    // Every reply with the concept is caught where " stone" is read: three tokens had left.
    expect(stone?.byDetector).toMatchObject({
      threshold: 0.5,
      auroc: { value: 1 },
      recall: { value: 1 },
      falseAlarms: { value: 0 },
      leak: {
        replies: 2,
        stopped: 2,
        median: { value: 3, low: 3, high: 3 },
        stoppedTokens: 8,
        everyMean: { value: 3 },
      },
    });
    expect(river?.byDetector).toMatchObject({
      auroc: { value: 0.5 },
      recall: { value: 0 },
      leak: { stopped: 0, median: null },
    });
    expect(report.costs.judgeMs.median).toBeGreaterThan(0);
  });

  it("says that of finished text everything has left, and held back nothing of what is caught", () => {
    for (const { byJudge, question, description, learnedFrom } of report.detectors) {
      expect([question, learnedFrom]).toEqual([questionFor({ description }), []]);
      expect(byJudge.leak.everyMean).toEqual({ value: 8, low: 8, high: 8 });
      expect(byJudge.heldBack.everyMean.value).toBeCloseTo(8 * (1 - byJudge.recall.value), 10);
      expect(byJudge.leak.stopped).toBe(Math.round(2 * byJudge.recall.value));
    }
  });

  it("gives the judge no more false alarms on the choosing rows than the detector has there", async () => {
    const command = await openCommand();
    const judge = await openJudge(command);
    try {
      const choosing = plan.data.rows.filter((row, index) => row.label === 0 && plan.data.scored[index] === 0);
      expect(choosing).toHaveLength(2);
      for (const { question, byJudge } of report.detectors) {
        for (const row of choosing) {
          const asked = encodeQuestion(command, { row, text: "" }, question);
          expect(await judge.ask(asked)).toBeLessThan(byJudge.threshold);
        }
      }
    } finally {
      await judge.close();
      await command.engine.close();
    }
  });
});
