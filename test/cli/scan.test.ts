import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { scan, type ScanFlags } from "../../src/cli/scan.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const detectors = fileURLToPath(new URL("../../detectors", import.meta.url));
const live = writeLiveConfig({
  detectors: {},
  policies: {},
  fields: { detectors, engine: { context_tokens: 128 } },
});
afterAll(() => live.remove());

const input = join(live.folder, "rows.jsonl");
const output = join(live.folder, "scores.jsonl");
const FLAGS: ScanFlags = { config: live.path, input, output, chat: false };

function writeRows(rows: readonly object[]): void {
  writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

interface Line {
  readonly id: string | number;
  readonly scores: Readonly<
    Record<string, { score: number; fired: boolean; position: number; tap: string } | undefined>
  >;
}

function readLines(): Line[] {
  const lines = readFileSync(output, "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

const GERMANY = "The capital of Germany is";
const TURNS = { system: "Be brief.", user: "Name a dish.", assistant: "Sushi, of Japan, is one." };

describe("lensgate scan", () => {
  it("writes one line a row, in order, with every detector's largest score, over an earlier output", async () => {
    writeFileSync(output, "an earlier output\n".repeat(1000));
    const messages = Object.entries(TURNS).map(([role, content]) => ({ role, content }));
    writeRows([
      { id: "g", text: GERMANY },
      { text: "What is 2 + 2?" },
      { id: "roles", ...TURNS },
      { messages },
      { user: GERMANY },
    ]);
    await scan(FLAGS);
    const lines = readLines();
    expect(lines.map(({ id }) => id)).toEqual(["g", 2, "roles", 4, 5]);
    for (const { scores } of lines) {
      expect(Object.keys(scores).sort()).toEqual([
        "audit-approval",
        "audit-watched",
        "country-channel",
        "country-implied",
        "deception-lie",
        "harm-intent",
      ]);
      for (const score of Object.values(scores)) {
        expect(Object.keys(score ?? {})).toEqual(["score", "fired", "position", "tap"]);
        expect(score?.score).toBeTypeOf("number");
        expect(score?.position).toBeGreaterThan(0);
      }
    }
    const country = lines.map(({ scores }) => scores["country-channel"]);
    expect(country[0]).toMatchObject({ fired: true, tap: "23.attn_out" });
    expect(country.map((each) => each?.fired)).toEqual([true, false, true, true, true]);
    // The same conversation, written in two ways.
    expect(lines[2]?.scores).toEqual(lines[3]?.scores);
  });

  it("puts texts into the chat template with --chat, and runs the named detectors alone", async () => {
    writeRows([{ text: GERMANY }, { user: GERMANY }]);
    await scan({ ...FLAGS, chat: true, detectors: " country-channel " });
    const [text, user] = readLines().map(({ scores }) => scores);
    expect(Object.keys(text ?? {})).toEqual(["country-channel"]);
    expect(text?.["country-channel"]).toMatchObject({ fired: true });
    // A plain text of five tokens has no position beyond the fourth.
    expect(text?.["country-channel"]?.position).toBeGreaterThan(4);
    expect(text).toEqual(user);
  });

  it.each([
    [
      "longer than the context",
      { text: "word ".repeat(150) },
      /the row has 15\d tokens, the context holds 128 \(cure: .*context_tokens/,
    ],
    [
      "far longer than the context",
      { text: "word ".repeat(9000) },
      /at least \d+ tokens, but one may hold 128.* \(cure: .*context_tokens/,
    ],
    [
      "of a conversation with nothing before the reply",
      { messages: [{ role: "assistant", content: "Ho" }] },
      /no messages/,
    ],
  ])("stops at a row %s, names its line and keeps what was written", async (_, row, expected) => {
    writeRows([{ text: GERMANY }, row, { text: GERMANY }]);
    const [problem = ""] = await problemsOf(() => scan({ ...FLAGS, detectors: "country-channel" }));
    expect(problem.startsWith(`${input}:2: `)).toBe(true);
    expect(problem).toMatch(expected);
    expect(readLines().map(({ id }) => id)).toEqual([1]);
  });
});

describe("lensgate scan, before anything is loaded", () => {
  // A configuration that is not there would be the first complaint if it were read.
  const early: ScanFlags = { ...FLAGS, config: "/nowhere/gateway.yaml" };

  it("refuses an input that is missing, and makes no output", async () => {
    const none = join(live.folder, "none.jsonl");
    const fresh = join(live.folder, "fresh.jsonl");
    const [problem] = await problemsOf(() => scan({ ...early, input: none, output: fresh }));
    expect(problem).toMatch(/\/none\.jsonl: the input cannot be read: ENOENT.* \(cure: .*--input\)$/);
    expect(existsSync(fresh)).toBe(false);
  });

  it("refuses an output that cannot be written", async () => {
    writeRows([{ text: GERMANY }]);
    const [problem] = await problemsOf(() => scan({ ...early, output: join(live.folder, "no", "scores.jsonl") }));
    expect(problem).toMatch(/\/no\/scores\.jsonl: the output cannot be written: ENOENT.* \(cure: .*--output\)$/);
  });

  it("refuses to write over its own input", async () => {
    writeRows([{ text: GERMANY }]);
    const [problem] = await problemsOf(() => scan({ ...early, output: join(live.folder, ".", "rows.jsonl") }));
    expect(problem).toMatch(/the output would replace the input \(cure: /);
    expect(readFileSync(input, "utf8")).toContain(GERMANY);
  });

  it("keeps an earlier output when the configuration does not load", async () => {
    writeRows([{ text: GERMANY }]);
    writeFileSync(output, "earlier\n");
    expect((await problemsOf(() => scan(early)))[0]).toMatch(/^\/nowhere\/gateway\.yaml: /);
    expect(readFileSync(output, "utf8")).toBe("earlier\n");
  });
});
