import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { calibrate, type CalibrateFlags } from "../../src/cli/calibrate.ts";
import { openCommandEngine } from "../../src/cli/command-engine.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const SHIPPED = fileURLToPath(new URL("../../detectors/country-channel.yaml", import.meta.url));
const live = writeLiveConfig({
  detectors: { zebra: { at: { text: "zebra" } }, broken: { at: { prompt: 1 }, does: "throw" } },
  policies: {},
  fields: { engine: { context_tokens: 256 } },
});
const definition = join(live.folder, "detectors", "country-channel.yaml");
const scores = join(live.folder, "calibration");
beforeEach(() => copyFileSync(SHIPPED, definition));
afterAll(() => live.remove());

function writeRows(name: string, rows: readonly object[]): string {
  const file = join(live.folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

const READ = { user: "Name a dish.", assistant: "Soup is a dish." };
const ordinary = writeRows("ordinary.jsonl", [
  { text: "What is 2 + 2?" },
  { text: "Name a colour." },
  { text: "What is 2 + 2?" },
  READ,
  { messages: [{ role: "user", content: "How do I boil an egg?" }], label: 0 },
]);
const positives = writeRows("positives.jsonl", [
  { text: "The capital of Germany is", label: 1 },
  { text: "Tell me about France.", label: 1 },
  { text: "Name a colour.", label: 0 },
]);
const onset = writeRows("onset.jsonl", [
  { user: "Name a city.", assistant: "Berlin is a city in Germany, and it is large.", label: 1, onset: 5 },
]);
const FLAGS: CalibrateFlags = {
  config: live.path,
  ordinary: [ordinary],
  claim: 0.6,
  flagRate: 0.3,
  replyTokens: 3,
  compare: 2,
  write: false,
};
const run = (ids: readonly string[], changes: Partial<CalibrateFlags> = {}) =>
  calibrate(ids, { ...FLAGS, ...changes }, scores);

describe("lensgate detectors calibrate", () => {
  it("prints a table for each detector from one pass, and writes nothing unless told", async () => {
    const before = readFileSync(definition, "utf8");
    const lines = await run(["country-channel", "zebra"], { repliesPerDay: 1000 });
    const text = lines.join("\n");
    expect(lines[0]).toBe("country-channel: 4 distinct ordinary replies (1 repeated rows do not count)");
    expect(text).toContain("zebra: 4 distinct ordinary replies (1 repeated rows do not count)");
    expect(text).toMatch(/abort {9}\S+ +0 of 4 alarm, 0 % \[0 %, 60.2 %\], at most 52.8 % \(claimed: 60 %\)/);
    expect(text).toMatch(/flag {10}\S+ +1 of 4 alarm, 25 % \[0.631 %, 80.6 %\], 250 \[6.309, 805.9\] reviews a day/);
    expect(text).toContain("live and scan 2 replies; scores differ by");
    expect(text).toContain("any of the 2: of 4 replies 0 abort");
    expect(lines.at(-1)).toContain("Nothing was written");
    expect(readFileSync(definition, "utf8")).toBe(before);
    // Live and scanned scores of two detectors.
    expect(readdirSync(scores)).toHaveLength(4);
  });

  it("takes kept scores: another claim adds none, another row adds one to each detector", async () => {
    const sizes = () => readdirSync(scores).map((name) => statSync(join(scores, name)).size);
    await run(["country-channel"]);
    const before = sizes();
    await run(["country-channel"], { claim: 0.9 });
    expect(sizes()).toEqual(before);
    const more = writeRows("more.jsonl", [{ text: "Name a bird." }]);
    await run(["country-channel"], { ordinary: [more, ordinary], compare: 0 });
    const grown = sizes().filter((size, index) => size > (before[index] ?? 0));
    expect(grown).toHaveLength(1);
  });

  it("writes a definition that loads, with recall, likelihood and hold, and keeps its other lines", async () => {
    const lines = await run(["country-channel"], { positives: [positives], onset: [onset], write: true });
    expect(lines.join("\n")).toContain("of 2 replies with the concept");
    expect(lines.join("\n")).toContain("of 1 onsets caught");
    expect(lines.at(-1)).toBe(`written: ${definition}`);
    const [before, after] = [readFileSync(SHIPPED, "utf8"), readFileSync(definition, "utf8")];
    const head = before.slice(0, before.indexOf("threshold:"));
    expect(after.startsWith(head)).toBe(true);
    expect(after.slice(head.length)).toMatch(
      /^threshold: \{ flag: \S+, abort: \S+ \}\ncalibration:\n {2}status: calibrated\n {2}data: /,
    );
    const command = await openCommandEngine({ config: live.path, action: "observe", only: ["country-channel"] });
    await command.engine.close();
    const [detector] = command.detectors;
    expect(detector?.calibration).toMatchObject({
      status: "calibrated",
      data: expect.stringMatching(
        /^ordinary\.jsonl \(4 distinct ordinary replies of at most 3 tokens, sha256 [0-9a-f]{64}\); positives/,
      ),
      false_alarm_rate: 0.6,
      alarms: 0,
      replies: 4,
      hold_tokens: expect.any(Number),
      model_sha256: command.model.facts.sha256,
      lens: "logit",
    });
    expect(detector?.abortThreshold).toBeGreaterThan(detector?.threshold ?? Infinity);
    expect(readdirSync(join(live.folder, "detectors")).filter((name) => name.endsWith(".new"))).toEqual([]);
    // Bound to something else by now: it is calibrated anew all the same, from scores that are kept.
    writeFileSync(definition, after.replace("precision: fast", "precision: exact"));
    expect((await run(["country-channel"], { write: true })).at(-1)).toBe(`written: ${definition}`);
    expect(readFileSync(definition, "utf8")).toContain("precision: fast");
  });

  it("names the row on which a detector broke", async () => {
    const problems = await problemsOf(() => run(["broken"]));
    expect(problems[0]).toContain(`${ordinary}:1: the detector "broken" broke on this row: `);
  });
});

describe("lensgate detectors calibrate, before the model is loaded", () => {
  // No model is there to load.
  const bare = writeLiveConfig({ detectors: {}, policies: {}, fields: { model: "none" } });
  afterAll(() => bare.remove());

  it.each([
    [{ claim: 0.001 }, "needs 2995 distinct ordinary replies, there are 4: claim at least 0.53 with --claim"],
    [{ flagRate: 0.1 }, "need 10 distinct replies to be placed, there are 4"],
    [{ reviewsPerDay: 5 }, "--reviews-per-day says nothing without --replies-per-day: give both"],
    [{ reviewsPerDay: 5, repliesPerDay: 50 }, "flags on 0.1 of ordinary replies need 10 distinct replies"],
    [{ ordinary: [positives] }, `${positives}:1: the row has label 1`],
    [{ positives: [ordinary] }, `there is no column "label"`],
    [{ onset: [positives] }, `${positives}: no row has an onset`],
  ])("refuses %j", async (changes, message) => {
    const work = calibrate(["zebra"], { ...FLAGS, config: bare.path, ...changes }, join(bare.folder, "calibration"));
    await expect(work).rejects.toThrow(message);
    expect(existsSync(join(bare.folder, "calibration"))).toBe(false);
  });
});
