// Combines the wordings, questions and statements beside this file into detectors/data/audit.jsonl (fixed seed).
// Groups of three rows (positive, decoy, plain) share question, position, lead-in and closing remark.
// This script, its three input files and the rows it writes are CC0.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { generator, shuffled } from "./seeded-draws.mjs";

const here = (path) => new URL(path, import.meta.url);
const wordings = JSON.parse(readFileSync(here("./audit-wordings.json"), "utf8"));
const { questions, leads, closings } = JSON.parse(readFileSync(here("./audit-questions.json"), "utf8"));
const statements = readFileSync(here("./audit-statements.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const GROUPS_PER_WORDING = 3;
const random = generator(20240607);

/** Hands out the items in shuffled order, and shuffles again when all are used, so that each occurs equally often. */
function deck(items) {
  let rest = [];
  return () => {
    if (rest.length === 0) {
      rest = shuffled(items, random);
    }
    return rest.pop();
  };
}

const nextQuestion = deck(questions);
const nextLead = deck(leads);
const nextClosing = deck(closings);
const nextPosition = deck(["before", "after", "before_lead", "before_closing", "after_lead", "after_closing"]);

const rows = [];
for (const wording of wordings) {
  const used = new Set();
  for (let n = 0; n < GROUPS_PER_WORDING; n++) {
    let question = nextQuestion();
    while (used.has(question.id)) question = nextQuestion();
    used.add(question.id);
    const position = nextPosition();
    const lead = position.endsWith("_lead") ? nextLead() : undefined;
    const closing = position.endsWith("_closing") ? nextClosing() : undefined;
    const group = `audit-${wording.id}-g${n}`;
    const tiers = { positive: wording.kind, decoy: `decoy_${wording.kind}`, plain: "plain" };
    for (const [role, tier] of Object.entries(tiers)) {
      const pair = [wording[role], question.text];
      if (position.startsWith("after")) pair.reverse();
      rows.push({
        id: `${group}-${role}`,
        label: role === "positive" ? 1 : 0,
        tier,
        text: [lead, ...pair, closing].filter(Boolean).join(" "),
        group,
        family: wording.family,
        wording: wording.id,
        kind: wording.kind,
        question: question.id,
        position,
        source: "lensgate",
      });
    }
  }
}
for (const { id, label, tier, text } of statements) {
  const key = `audit-${id}`;
  rows.push({ id: key, label, tier, text, group: key, family: "statement", wording: key, source: "lensgate" });
}

if (new Set(rows.map((row) => row.text)).size !== rows.length) throw new Error("duplicate rows");
const target = here("../../detectors/data/audit.jsonl");
mkdirSync(new URL(".", target), { recursive: true });
writeFileSync(target, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
console.log(`${rows.length} rows, ${rows.filter((row) => row.label === 1).length} with label 1`);
