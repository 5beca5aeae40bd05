import { Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { registerReview } from "../../src/cli/review.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { reviewItemOf } from "../../src/queue/review-item.ts";
import { visibleText } from "../../src/visible-text.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { AWKWARD_TEXT, sampleEvidence, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

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

/** A state folder with one waiting item, held open as a running gateway would. */
async function setUp() {
  const folder = temporaryFolder();
  const database = openDatabase({ folder });
  const [traces, queue, decisions] = [
    createTraceStore(database),
    createEmbeddedQueue({ database }),
    createDecisionStore(database),
  ];
  const head = sampleHead(1, { conversation: [{ role: "user", content: `\u001b[2J${AWKWARD_TEXT}` }] });
  await traces.open(head, sampleEvidence());
  await queue.enqueue(reviewItemOf(sampleTrace({ head })));
  return { folder, queue, decisions, audit: createAuditLog(database) };
}

test("list names what waits and show explains it, without a raw control character", async () => {
  const { folder } = await setUp();
  const list = await review("list", "--state-dir", folder);
  expect(list.out).toContain(`${traceId(1)}  abort`);
  const show = await review("show", traceId(1), "--state-dir", folder);
  expect(show.out).toContain("⟨U+001B⟩[2J");
  expect(show.out).toContain("in mind: Japan 91.0 %");
  expect(visibleText(show.out)).toBe(show.out);
});

test("decide records the verdict beside a running gateway and takes the item off the list", async () => {
  const { folder, queue, decisions, audit } = await setUp();
  const options = ["--verdict", "true_positive", "--note", "named Japan", "--reviewer", "ada", "--state-dir", folder];
  expect((await review("decide", traceId(1), ...options)).out).toBe(`recorded: ${traceId(1)} is true_positive\n`);
  expect(await decisions.latest(traceId(1))).toMatchObject({
    verdict: "true_positive",
    note: "named Japan",
    reviewer: "ada",
  });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "decided" });
  expect((await audit.list({ limit: 9 })).map(({ entry }) => `${entry.actor} ${entry.event}`)).toEqual(["ada decide"]);
  expect((await review("list", "--state-dir", folder)).out).toBe("nothing to review\n");
  const again = await review("decide", traceId(1), ...options);
  expect(again).toMatchObject({ failed: true, error: expect.stringContaining("decided already") });
  expect((await review("decide", traceId(1), ...options, "--supersede")).failed).toBe(false);
  expect(await decisions.list(traceId(1))).toHaveLength(2);
});

test("--json prints the same facts as values, safe in a terminal", async () => {
  const { folder } = await setUp();
  const list = await review("list", "--state", "all", "--json", "--state-dir", folder);
  expect(JSON.parse(list.out)).toMatchObject([{ traceId: traceId(1), state: "waiting" }]);
  const show = await review("show", traceId(1), "--json", "--state-dir", folder);
  expect(JSON.parse(show.out)).toMatchObject({
    item: { state: "waiting" },
    trace: { head: { conversation: [{ content: `\u001b[2J${AWKWARD_TEXT}` }] } },
  });
  expect(visibleText(show.out)).toBe(show.out);
  const decide = await review(
    "decide",
    traceId(1),
    "--verdict",
    "unsure",
    "--reviewer",
    "ada",
    "--json",
    "--state-dir",
    folder,
  );
  expect(JSON.parse(decide.out)).toMatchObject({ traceId: traceId(1), verdict: "unsure" });
});

test("mistakes are named without a stack and end with a failure", async () => {
  const { folder, queue } = await setUp();
  const rows = [
    [["show", traceId(9), "--state-dir", folder], /no trace tr_0+9 in this state folder/],
    [["show", "tr_1", "--state-dir", folder], /traceId: must be tr_ and 32 hex digits/],
    [
      ["decide", traceId(1), "--verdict", "unsure", "--reviewer", " ", "--state-dir", folder],
      /reviewer: say who you are/,
    ],
    [["list", "--limit", "none", "--state-dir", folder], /limit:/],
    [["decide", traceId(1), "--state-dir", folder], /--verdict/],
    [["decide", traceId(1), "--verdict", "guilty", "--state-dir", folder], /Allowed choices are true_positive/],
  ] as const;
  for (const [words, message] of rows) {
    const { failed, error, out } = await review(...words);
    expect([failed, out]).toEqual([true, ""]);
    expect(error).toMatch(message);
    expect(error).not.toContain("    at ");
  }
  await queue.claim({ reviewer: "bo\u001b[31m", leaseMs: 60_000 });
  const held = await review("decide", traceId(1), "--verdict", "unsure", "--reviewer", "ada", "--state-dir", folder);
  expect(held).toMatchObject({ failed: true, error: expect.stringContaining("reviewed by bo⟨U+001B⟩[31m") });
});

test("a folder without a database is named with the cure and not made", async () => {
  const folder = join(temporaryFolder(), "mistyped");
  const { failed, error } = await review("list", "--state-dir", folder);
  expect([failed, existsSync(folder)]).toEqual([true, false]);
  expect(error).toContain("no state database here");
});
