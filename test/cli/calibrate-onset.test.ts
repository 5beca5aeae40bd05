import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureOnsets, readOnsetRows } from "../../src/cli/calibrate-onset.ts";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { writeFolder } from "../support/folder.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({
  detectors: {
    sixth: { at: { generated: 5 } },
    prompted: { at: { prompt: 0 } },
    silent: { at: { text: "never said" } },
  },
  policies: {},
});
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

const REPLY = { user: "Say something.", assistant: "One two three four five six seven eight.", label: 1 };
const read = (rows: readonly object[]) => {
  const folder = writeFolder({ "o.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });
  return readOnsetRows([join(folder, "o.jsonl")]);
};
const placed = () =>
  command.detectors.map((detector) => ({
    detector,
    thresholds: { flag: { threshold: 0.5 }, abort: { threshold: detector.id === "sixth" ? 2 : 1 } },
  }));

describe("measureOnsets", () => {
  it("counts tokens of the reply from onset to firing, and recommends by flags where no onset reaches the abort", async () => {
    // Token 3 is " four": by index, and by a character within it.
    const data = await read([
      { ...REPLY, onset: 3 },
      { ...REPLY, onset_character: 15 },
      { user: "Say nothing.", label: 0 },
    ]);
    expect(data.rows).toHaveLength(2);
    const curves = await measureOnsets(command, data, placed());
    expect(curves.get("sixth")?.flag.delays).toEqual([2, 2]);
    expect(curves.get("sixth")?.abort.delays).toEqual([]);
    // Token 5 is out when it fires without a hold; three past the onset leak, so 4 tokens are held.
    expect(curves.get("sixth")?.flag.points.map(({ leakedMedian }) => leakedMedian)).toEqual([3, 2, 0, 0, 0]);
    expect(curves.get("sixth")?.holdTokens).toBe(4);
    expect(curves.get("prompted")?.abort).toMatchObject({ early: 2, delays: [] });
    expect(curves.get("silent")).toMatchObject({
      holdTokens: 0,
      reason: expect.stringContaining("no onset was caught"),
    });
  });

  it("refuses an onset behind the reply's end", async () => {
    const data = await read([{ ...REPLY, onset: 40 }]);
    const problems = await problemsOf(() => measureOnsets(command, data, placed()));
    expect(problems[0]).toMatch(/o\.jsonl:1: the onset is token 40, the reply has 9 /);
  });
});

describe("readOnsetRows", () => {
  it("refuses an onset without a reply, and files without an onset", async () => {
    expect((await problemsOf(() => read([{ text: "x", label: 1, onset: 0 }])))[0]).toContain(
      ":1: the row has an onset, but no reply in which it lies",
    );
    expect((await problemsOf(() => read([REPLY])))[0]).toContain("no row has an onset");
  });
});
