import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapConcept, type MapFlags } from "../../src/cli/map.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { engine: { context_tokens: 64 } } });
const folder = mkdtempSync(join(tmpdir(), "lensgate-map-"));
const data = join(folder, "rows.jsonl");
const html = join(folder, "map.html");
const json = join(folder, "map.json");
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  live.remove();
});

const CITIES = [
  "Berlin",
  "Madrid",
  "Tokyo",
  "Oslo",
  "Cairo",
  "Lima",
  "Delhi",
  "Rome",
  "Paris",
  "Seoul",
  "Kyiv",
  "Quito",
];
const TOOLS = [
  "hammer",
  "kettle",
  "ladder",
  "pencil",
  "shovel",
  "candle",
  "bucket",
  "mirror",
  "carpet",
  "needle",
  "basket",
  "wrench",
];

function writeRows(file = data): void {
  const rows = CITIES.flatMap((city, at) => [
    { text: `She lives in ${city} now.`, label: 1, group: `pair ${at}` },
    { text: `He bought a ${TOOLS[at] ?? ""} now.`, label: 0, group: `pair ${at}` },
    { text: `We flew to ${city} once.`, label: 1, group: `pair ${at}` },
    { text: `We fixed the ${TOOLS[at] ?? ""} once.`, label: 0, group: `pair ${at}` },
  ]);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

const FLAGS: MapFlags = { config: live.path, data: [data], form: "raw", label: "label", pool: "mean", rows: 40 };

describe("lensgate detectors map", () => {
  beforeAll(() => writeRows());

  it("prints every layer and tap, and writes the page and the numbers", async () => {
    const lines = await mapConcept({ ...FLAGS, html, json }, () => new Date("2026-01-02T03:04:05Z"));
    expect(lines[0]).toBe("40 rows of 10 groups, 20 with label 1; 8 rows were left out (--rows)");
    expect(lines[2]).toMatch(/^layer +attn_out +resid_mid +mlp_out +resid_post$/);
    expect(lines.length).toBe(3 + 30 + 1);
    expect(lines.at(-1)).toMatch(/^best: \d+\.[a-z_]+, AUROC [01]\.\d+/);

    const written = JSON.parse(readFileSync(json, "utf8"));
    expect(written).toMatchObject({ precision: "fast", form: "raw", pool: "mean", rows: 40, left_out: 8, seed: 1 });
    expect(written.data).toMatchObject([{ file: data, rows: 48 }]);
    expect(written.cells.length).toBe(120);
    const best = Math.max(...written.cells.map((cell: { auroc: number }) => cell.auroc));
    // Cities against tools: some tap of any language model knows.
    expect(best).toBeGreaterThan(0.95);
    const page = readFileSync(html, "utf8");
    expect(page).toContain("Layer map of rows.jsonl");
    expect(page).toContain("2026-01-02T03:04:05.000Z");
    expect(page).toContain("29.resid_post");

    // What was read is kept: the other pool needs no model.
    const late = await mapConcept({ ...FLAGS, pool: "late", json });
    expect(late[0]).toBe(lines[0]);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ pool: "late" });
  }, 120_000);
});

describe("lensgate detectors map, before the model is loaded", () => {
  it("refuses rows of which a class is one group", async () => {
    const file = join(folder, "one.jsonl");
    const rows = Array.from({ length: 48 }, (_, row) => ({
      text: `t ${row}`,
      label: row % 2,
      group: row % 2 === 1 ? "one" : row,
    }));
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const [problem] = await problemsOf(() => mapConcept({ ...FLAGS, data: [file], rows: 48 }));
    expect(problem).toMatch(/one\.jsonl: one group with label 1 is among the 48 rows to read.* \(cure: .*--group/);
    const [large] = await problemsOf(() => mapConcept({ ...FLAGS, data: [file] }));
    expect(large).toMatch(/one\.jsonl: one group with label 1 is among the 4\d rows/);
  });

  it("refuses a column that is not there, and a configuration that is not", async () => {
    expect((await problemsOf(() => mapConcept({ ...FLAGS, label: "lable" })))[0]).toMatch(/there is no column "lable"/);
    expect((await problemsOf(() => mapConcept({ ...FLAGS, config: "/nowhere/gateway.yaml" })))[0]).toMatch(
      /^\/nowhere/,
    );
  });

  it("leaves no file where it fails", async () => {
    const fresh = join(folder, "fresh.html");
    await problemsOf(() => mapConcept({ ...FLAGS, html: fresh, label: "lable" }));
    expect(existsSync(fresh)).toBe(false);
  });
});
