import { Command } from "commander";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { registerReview } from "../../src/cli/review.ts";
import { openCommandModel } from "../../src/cli/command-model.ts";
import { loadConfig } from "../../src/config.ts";
import { openDetectors } from "../../src/cli/command-engine.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleDecision, sampleEnd, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { scoredRow } from "../review/scored-week.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

/** Runs `lensgate review …` and returns what it printed; an error ends as `failed`. */
async function review(...words: string[]) {
  let [out, error] = ["", ""];
  const program = new Command();
  program.exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
  registerReview(program);
  const failed = await program.parseAsync(["review", ...words], { from: "user" }).then(
    () => false,
    () => true,
  );
  return { out, error, failed };
}

// The first one to open the model prepares it, which takes longer than a test may.
beforeAll(async () => {
  const live = writeLiveConfig({ detectors: {}, policies: {} });
  await openCommandModel({ config: live.path });
  live.remove();
});

const sampling = { clear: 0.5, near: 0.5, nearDetectors: [], drawn: null };

/** A gateway's configuration with a detector whose threshold is far too low, and a day of scores and verdicts of it. */
async function setUp() {
  const live = writeLiveConfig({ detectors: { loud: { at: { prompt: 0 } } }, policies: {} });
  onTestFinished(live.remove);
  const config = loadConfig({ path: live.path });
  const model = await openCommandModel({ config: live.path });
  const [detector] = await openDetectors({ config, model });
  const database = openDatabase({ folder: config.stateDir ?? "" });
  const [scores, decisions] = [createScoreLog(database), createDecisionStore(database)];
  const now = Date.now();
  for (let index = 0; index < 1000; index += 1) {
    const isFlagged = index >= 900;
    const score = isFlagged ? 0.5 + (index - 900) / 200 : index / 2000;
    const drawn = !isFlagged && index % 2 === 0 ? "loud" : null;
    const row = scoredRow(index, score, {
      createdAt: now - 5000,
      fired: isFlagged,
      flagged: isFlagged,
      sampling: { ...sampling, drawn },
    });
    await scores.add({
      ...row,
      scores: row.scores.map((each) => ({ ...each, detector: "loud", hash: detector?.hash ?? "" })),
    });
    if (!isFlagged && drawn === null) continue;
    const verdict = index >= 980 ? "true_positive" : "false_positive";
    await decisions.add(sampleDecision(index, { detector: "loud", verdict, decidedAt: now }));
  }
  return { live, database, file: join(live.folder, "detectors", "loud.yaml") };
}

test("stats show what reviewers found, and propose what would follow, without writing", async () => {
  const { live, file } = await setUp();
  const before = readFileSync(file, "utf8");
  const stats = await review("stats", "--config", live.path);
  expect(stats.out).toContain("loud: 1000 replies, 100 flagged (100 with a verdict), 450 drawn");
  expect(stats.out).toContain("precision  20 % [20 %, 20 %]");
  expect(stats.out).toContain("recall     100 %");
  const propose = await review("propose", "--rate", "0.01", "--config", live.path, "--json");
  const { proposals, written } = JSON.parse(propose.out) as {
    proposals: { proposed: number; current: number }[];
    written: string[];
  };
  expect(proposals[0]?.current).toBe(0.5);
  // 20 true alarms, and the 4 false ones that carry 1 % of 980 replies with 95 % confidence.
  expect(proposals[0]?.proposed).toBeCloseTo(0.5 + (76 - 0.5) / 200, 2);
  expect(written).toEqual([]);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("propose --write sets the threshold and leaves an entry of who and when", async () => {
  const { live, database, file } = await setUp();
  const result = await review(
    "propose",
    "loud",
    "--rate",
    "0.01",
    "--write",
    "--reviewer",
    "ada",
    "--config",
    live.path,
  );
  expect(result).toMatchObject({ failed: false, error: "" });
  expect(result.out).toContain(`written: ${file}, 0.5 → `);
  expect(readFileSync(file, "utf8")).toContain("written by ada on ");
  const [entry] = await createAuditLog(database).list({ limit: 1 });
  expect(entry?.entry).toMatchObject({
    actor: "ada",
    event: "threshold",
    detail: { detector: "loud", rate: 0.01, before: 0.5 },
  });
});

test("propose refuses a detector that is not there and a rate that is none", async () => {
  const { live } = await setUp();
  expect((await review("propose", "quiet", "--config", live.path)).error).toContain("There is no detector quiet");
  expect((await review("propose", "--rate", "2", "--config", live.path)).error).toContain("--rate takes a share");
});

test("verdicts go out as rows and come back in at another desk", async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()];
  const drawn = { detector: "a", score: 1, threshold: 5, stratum: "clear", probability: 0.1 } as const;
  for (const place of [folder, other]) {
    await createTraceStore(openDatabase({ folder: place })).addSample(sampleHead(1), sampleEnd(), drawn);
  }
  const decisions = createDecisionStore(openDatabase({ folder }));
  await decisions.add(sampleDecision(1, { verdict: "true_positive", detector: "a" }));
  const file = join(other, "verdicts.jsonl");
  const exported = await review("export", "--detector", "a", "--output", file, "--state-dir", folder);
  expect(exported.out).toContain(`1 rows written to ${file}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await review("export", "--state-dir", folder)).out).toBe(readFileSync(file, "utf8"));
  expect((await review("import", file, "--state-dir", other)).out).toContain("1 verdicts added, 0 known already");
  expect(JSON.parse((await review("import", file, "--json", "--state-dir", other)).out)).toMatchObject({ known: 1 });
  const imported = await openLocalStores({ folder: other }).decisions.latest(traceId(1));
  expect(imported).toEqual({ ...(await decisions.latest(traceId(1))), next: "decided" });
  writeFileSync(file, '{"text":"x","id":"1"}\n');
  expect((await review("import", file, "--state-dir", other)).error).toContain(`${file}:1`);
});
