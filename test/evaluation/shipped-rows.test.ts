import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkOnsetRows } from "../../src/cli/evaluate-runs.ts";
import { readLabelledRows } from "../../src/training/labelled-rows.ts";

const folder = fileURLToPath(new URL("../../detectors/data", import.meta.url));
const onsets = readdirSync(folder).filter((name) => name.startsWith("onset-"));

describe("rows to evaluate with", () => {
  it("has onsets for each family", () => {
    expect(onsets.sort()).toEqual(["audit", "country", "deception", "harm"].map((name) => `onset-${name}.jsonl`));
  });

  it.each(onsets)("%s names the beginning of a sentence behind an ordinary one", async (name) => {
    const { rows } = await readLabelledRows([join(folder, name)], { fewest: 0 });
    checkOnsetRows(rows);
    expect(rows).toHaveLength(80);
    for (const { content, onset } of rows) {
      const reply = content.type === "chat" ? (content.turns.at(-1)?.content ?? "") : "";
      const at = onset?.index ?? 0;
      expect(reply.slice(0, at)).toMatch(/\w.*[.!?] $/s);
      expect(reply.slice(at)).toMatch(/^["“]?[\p{Lu}\p{N}]/u);
    }
  });

  it("has every base of adversarial.jsonl under every attack, in a group of its own", async () => {
    const { rows } = await readLabelledRows([join(folder, "adversarial.jsonl")]);
    const groups = new Set(rows.map(({ group }) => group));
    for (const group of groups) {
      const of = rows.filter((row) => row.group === group);
      const attacks = of.map(({ tier }) => tier.replace(/^.*\/(harmless_)?/, "")).sort();
      expect(attacks).toEqual(["instruction", "language", "paraphrase", "plain", "prefix", "rare_tokens", "spelled"]);
      expect(new Set(of.map(({ label }) => label)).size).toBe(1);
    }
    expect(groups.size).toBe(92);
  });
});
