import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { loadDetectors } from "../../src/detect/loader.ts";
import { createThresholdBook } from "../../src/review/proposal-book.ts";
import { createStatistics } from "../../src/review/statistics.ts";
import { writeFolder } from "../support/folder.ts";
import { PLAIN_WEEK } from "../support/simulated-week.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";
import { openWeek, WEEK_AT } from "./scored-week.ts";

const DEFINITION = `description: Japan.
kind: concept
options: { words: [Japan], taps: [80%.attn_out] }
positions: both
aggregate: { type: max }
threshold: 1
calibration: { status: uncalibrated, note: a guess }
`;

async function setUp() {
  const folder = writeFolder({ "a.yaml": DEFINITION });
  const writer = { folder, kinds: await loadKinds(), context: await openVocabulary(), binding: TEST_BINDING };
  const hash = loadDetectors(writer)[0]?.hash ?? "";
  const { scores, decisions, queue, week } = await openWeek(
    { ...PLAIN_WEEK, replies: 3000, falseAlarms: 0.05, clear: 0.1, near: 0.5 },
    8,
  );
  // The rows name the definition that they were judged by.
  const list: typeof scores.list = async (options) =>
    (await scores.list(options)).map((row) => ({ ...row, scores: row.scores.map((score) => ({ ...score, hash })) }));
  const statistics = createStatistics({
    scores: { list },
    decisions,
    queue,
    windowMs: 86_400_000,
    clock: () => WEEK_AT + 9000,
  });
  const currentOf = (detector: string) => (detector === "a" ? week.threshold : null);
  const book = createThresholdBook({ statistics, currentOf, writer, clock: () => WEEK_AT });
  return { folder, book };
}

test("a proposal is written only when told to, and then the definition has its threshold", async () => {
  const { folder, book } = await setUp();
  const [proposal] = await book.list(0.01);
  expect(proposal?.proposed).toBeGreaterThan(proposal?.current ?? Infinity);
  expect(readFileSync(join(folder, "a.yaml"), "utf8")).toBe(DEFINITION);
  const threshold = proposal?.proposed ?? 0;
  const written = await book.write({ detector: "a", threshold, rate: 0.01, reviewer: "ada" });
  expect(written).toMatchObject({ before: 1, threshold });
  expect(readFileSync(join(folder, "a.yaml"), "utf8")).toContain(`threshold: ${threshold}\n`);
});

test("a chosen threshold must carry the rate, and an unknown detector is named", async () => {
  const { book } = await setUp();
  await expect(book.write({ detector: "a", threshold: 0, rate: 0.01, reviewer: "ada" })).rejects.toThrow(
    "is not carried at 0",
  );
  await expect(book.write({ detector: "b", threshold: 0, rate: 0.01, reviewer: "ada" })).rejects.toThrow(
    "no scores of a detector b",
  );
});
