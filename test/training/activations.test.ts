import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openModel, type OpenModel } from "../../src/lens/open-model.ts";
import { openForward, planTaps, type Forward } from "../../src/model/forward.ts";
import { isSpecialToken } from "../../src/model/vocabulary.ts";
import { collectActivations, normRows, type CollectOptions, type FormedRow } from "../../src/training/activations.ts";
import { encodeRow, judgedPositions } from "../../src/training/encoded-row.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeFolder } from "../support/folder.ts";
import { runInPieces } from "../support/forward-runs.ts";
import { valuesOf } from "../support/made-store.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";

const TAPS = ["3.mlp_out", "20.attn_out", "29.resid_post"];
const CONTEXT = 96;

let model: OpenModel;
let forward: Forward;
beforeAll(async () => {
  model = await openModel({ folder: VENDORED_FOLDER, cache: TEST_CACHE, precision: "fast", contextTokens: CONTEXT });
  forward = await openForward({ model: model.prepared, plan: planTaps(TAPS, CONTEXT) });
});
afterAll(() => forward.close());

function rowOf(content: RowContent | string, form: "raw" | "chat" = "raw", line = 1): FormedRow {
  const own = typeof content === "string" ? { type: "text" as const, text: content } : content;
  return {
    id: String(line),
    label: 1,
    tier: "",
    stratum: "",
    group: "g",
    onset: null,
    file: "rows.jsonl",
    line,
    content: own,
    form,
  };
}

const TALK: RowContent = {
  type: "chat",
  turns: [
    { role: "user", content: "Which dish is it?" },
    { role: "assistant", content: "Sushi, of Japan." },
  ],
};
const ROWS = [rowOf("The capital of Germany is Berlin."), rowOf("Hello there", "chat"), rowOf(TALK)];

function collect(changes: Partial<CollectOptions> = {}) {
  return collectActivations({
    model,
    rows: ROWS,
    positions: "both",
    taps: TAPS,
    cache: writeFolder({}),
    prefillChunkTokens: 8,
    ...changes,
  });
}

const bytesIn = (cache: string) => {
  const [folder = ""] = readdirSync(join(cache, "activations"));
  return TAPS.map((tap) => readFileSync(join(cache, "activations", folder, `${tap}.bf16`)).toString("base64"));
};

describe("collected activations", () => {
  it("are the model's own rows at the judged positions, by their root mean square", async () => {
    const { architecture, vocabulary } = model.prepared.manifest;
    const { hidden, normEpsilon } = architecture;
    const store = await collect();
    const read = TAPS.map((tap) => valuesOf(store, tap));
    for (const [index, row] of ROWS.entries()) {
      const encoded = encodeRow(model.prompts, row.content, row.form);
      const positions = judgedPositions(encoded, "both", (id) => isSpecialToken(vocabulary, id));
      expect(store.counts[index]).toBe(positions.length);
      const ids = [...encoded.prompt.ids, ...encoded.forced];
      const { tapRows } = await runInPieces({ forward, architecture, ids }, [8]);
      for (const [place, position] of positions.entries()) {
        for (const tap of TAPS.keys()) {
          const from = (position * TAPS.length + tap) * hidden;
          const own = Array.from(tapRows.slice(from, from + hidden));
          const scale = 1 / Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / hidden + normEpsilon);
          const at = ((store.starts[index] ?? 0) + place) * hidden;
          const off = own.map(
            (value, d) => Math.abs((read[tap]?.[at + d] ?? NaN) - value * scale) / (1e-6 + Math.abs(value * scale)),
          );
          expect(Math.max(...off)).toBeLessThan(2 ** -7.9);
        }
      }
    }
    store.close();
  });

  it("are read once: a second call takes what is there, and one that was cut short goes on to the same bytes", async () => {
    const [whole, parted] = [writeFolder({}), writeFolder({})];
    const rows = Array.from({ length: 16 }, (_, row) => rowOf(`Number ${row}: ${"word ".repeat(60)}`, "raw", row));
    const prefillChunkTokens = 64;
    (await collect({ cache: whole, rows, prefillChunkTokens })).close();
    const seen: number[] = [];
    const stop = (done: number) => {
      seen.push(done);
      if (done === 14) throw new Error("cut short");
    };
    await expect(collect({ cache: parted, rows, prefillChunkTokens, onProgress: stop })).rejects.toThrow("cut short");
    const rest: number[] = [];
    (await collect({ cache: parted, rows, prefillChunkTokens, onProgress: (done) => rest.push(done) })).close();
    // Rows are kept by some hundred positions at a time.
    expect(rest[0]).toBeGreaterThan(1);
    expect(rest.at(-1)).toBe(16);
    expect(bytesIn(parted)).toEqual(bytesIn(whole));
    (await collect({ cache: parted, rows, prefillChunkTokens, onProgress: () => expect.unreachable() })).close();
  });

  it.each([
    ["taps", { taps: TAPS.slice(1) }],
    ["positions", { positions: "prompt" as const }],
    ["form", { rows: ROWS.map((row) => ({ ...row, form: "chat" as const })) }],
    ["rows", { rows: ROWS.toReversed() }],
    ["chunks", { prefillChunkTokens: 16 }],
  ])("lie apart for other %s", async (_, changes) => {
    const cache = writeFolder({});
    (await collect({ cache })).close();
    (await collect({ cache, ...changes })).close();
    expect(readdirSync(join(cache, "activations")).length).toBe(2);
  });
});

describe("rows that cannot be read", () => {
  it.each([
    [
      "longer than the context",
      rowOf("word ".repeat(100), "raw", 7),
      /rows\.jsonl:7: the row has 10\d tokens, the context holds 96 \(cure: /,
    ],
    ["of one token", rowOf("Hello", "raw", 4), /rows\.jsonl:4: the row has no position that is judged/],
    [
      "of a reply to nothing",
      rowOf({ type: "chat", turns: [{ role: "assistant", content: "Ho" }] }, "raw", 9),
      /rows\.jsonl:9: .*no messages/,
    ],
  ])("are named by file and line: %s", async (_, row, expected) => {
    const cache = writeFolder({});
    const [problem] = await problemsOf(() => collect({ cache, rows: [...ROWS, row] }));
    expect(problem).toMatch(expected);
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe("rows that are normed", () => {
  it("have a root mean square of 1, but for the epsilon", () => {
    const values = Float32Array.of(3, -4, 0.006, 0.008);
    expect(normRows(values, 2, 0)).toBe(true);
    const expected = [3, -4, 3, 4].map((value) => value / Math.sqrt(12.5));
    values.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? NaN, 6));
    const small = Float32Array.of(3, -4);
    normRows(small, 2, 12.5);
    expect(small[0]).toBeCloseTo(3 / 5, 6);
  });

  it.each([NaN, Infinity, -Infinity])("are told by what is not finite in them: %d", (bad) => {
    expect(normRows(Float32Array.of(1, 2, bad, 4), 2, 1e-5)).toBe(false);
  });
});
