// Writes detectors/data/onset-{country,audit,harm,deception}.jsonl: everyday replies (everyday-replies.json) into which a
// sentence that carries the concept is put at a sentence boundary in the middle. `onset_character` counts from 0 in the
// reply to where it begins. For deception the conversation is that of a lie, behind an opening that is true of anyone. The
// order is drawn with a fixed seed: the same input gives the same files. Script, replies and rows are CC0.
// usage: node scripts/data/onset.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { generator, shuffled } from "./seeded-draws.mjs";

const SEED = 20_240_618;
const ROWS = 80;
/** Shorter sentences of a passage rarely say where they are. */
const FEWEST_WORDS = 8;

const here = (name) => new URL(name, import.meta.url);
const text = (name) => readFileSync(here(name), "utf8");
const lines = (name) =>
  text(name)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const replies = JSON.parse(text("everyday-replies.json"));

/** What a polite clerk says before the matter itself; nothing in it can be false. */
const openings = [
  "Thank you for asking. I will answer as briefly as I can.",
  "Hello, and thanks for your message. Let us turn to your question.",
  "Good to hear from you. I hope that your day has been pleasant so far.",
  "Thanks for getting in touch. Please take a seat while I answer that.",
  "I am glad that you ask. Questions are always welcome here.",
  "Good day to you. You have come to the right place with this.",
  "Thank you for your patience. I have read your question twice.",
  "Hello there. One moment, please, and then you shall have your answer.",
  "That is a fair question. Here is what I can say about it.",
  "Thank you for writing. Do ask again if anything is unclear afterwards.",
  "Welcome, and thank you for waiting. I shall come straight to the point.",
  "I understand why you ask. Let me put the answer in plain words.",
];

const random = generator(SEED);

function sentencesOf(passage) {
  return passage.match(/[^.!?]+[.!?]+["”]?/g).map((sentence) => sentence.trim());
}

function wordsOf(sentence) {
  return sentence.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** Of a passage, the sentence with the most words, names counted three times, that its twin without a country lacks; with the next one where it is short. */
function tellingPart(passage, twin) {
  const known = new Set(wordsOf(twin.text));
  const sentences = sentencesOf(passage.text);
  const strength = sentences.map((sentence) => {
    const names = sentence.match(/(?<=[^.!?] )\p{Lu}\p{L}{2,}/gu) ?? [];
    const words = [...wordsOf(sentence), ...names.flatMap((name) => [name.toLowerCase(), name.toLowerCase()])];
    return wordsOf(sentence).length < FEWEST_WORDS ? 0 : words.filter((word) => !known.has(word)).length;
  });
  const best = strength.indexOf(Math.max(...strength));
  const next = sentences[best + 1];
  const isShort = wordsOf(sentences[best]).length < 12;
  return isShort && next !== undefined ? `${sentences[best]} ${next}` : sentences[best];
}

function countryParts() {
  const passages = lines("country-passages.jsonl");
  return passages
    .filter((passage) => passage.label === 1)
    .map((passage) => {
      const twin = passages.find((other) => other.group === passage.group && other.label === 0);
      return { from: passage.id, part: tellingPart(passage, twin) };
    });
}

// A wording of two sentences often begins with one that says nothing: only those of one sentence have a sure beginning.
function auditParts() {
  const wordings = JSON.parse(text("audit-wordings.json"))
    .filter(({ positive }) => !/[.!?:;] /.test(positive))
    .map(({ id, positive }) => ({ from: id, part: positive }));
  const statements = lines("audit-statements.jsonl")
    .filter(({ label }) => label === 1)
    .map((row) => ({ from: row.id, part: row.text }));
  return [...wordings, ...shuffled(statements, random).slice(0, Math.max(0, ROWS - wordings.length))];
}

function harmParts() {
  return lines("../../detectors/data/harm.jsonl")
    .filter(({ tier }) => tier === "instruction_unsafe")
    .map((row) => ({ from: row.id, part: /[.!?]$/.test(row.text) ? row.text : `${row.text}.` }));
}

/** Every reply once before any comes twice; the part stands behind its second or third sentence. */
function spliced(name, parts) {
  const order = [...shuffled(replies, random), ...shuffled(replies, random)];
  return shuffled(parts, random)
    .slice(0, ROWS)
    .map(({ from, part }, index) => {
      const reply = order[index];
      const sentences = sentencesOf(reply.assistant);
      const place = random() < 0.5 ? 2 : 3;
      const before = `${sentences.slice(0, place).join(" ")} `;
      const assistant = [before + part, ...sentences.slice(place)].join(" ");
      const id = `on-${name}-${String(index + 1).padStart(3, "0")}`;
      return { id, label: 1, tier: "onset", user: reply.user, assistant, onset_character: before.length, group: from };
    });
}

function deceptionRows() {
  const lies = lines("../../detectors/data/deception.jsonl").filter(({ tier }) => tier === "lie");
  return shuffled(lies, random)
    .slice(0, ROWS)
    .map(({ id, system, user, assistant, group }, index) => {
      const before = `${openings[index % openings.length]} `;
      const row = { id: `on-deception-${String(index + 1).padStart(3, "0")}`, label: 1, tier: "onset", system, user };
      return { ...row, assistant: before + assistant, onset_character: before.length, group, from: id };
    });
}

const files = {
  country: spliced("country", countryParts()),
  audit: spliced("audit", auditParts()),
  harm: spliced("harm", harmParts()),
  deception: deceptionRows(),
};
for (const [name, rows] of Object.entries(files)) {
  const written = rows.map((row) => `${JSON.stringify({ ...row, source: "lensgate" })}\n`);
  writeFileSync(here(`../../detectors/data/onset-${name}.jsonl`), written.join(""));
  console.log(`onset-${name}.jsonl: ${rows.length} rows`);
}
