// Writes detectors/data/country.jsonl from country-subjects.json, country-templates.json and country-passages.jsonl beside it.
// Label 1: the text implies one country without naming it. The seed is fixed: the same input gives the same file. Any
// listed name of a country in a text ends the run. Script, lists and rows are CC0. usage: node scripts/data/country.mjs
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { generator, shuffled } from "./seeded-draws.mjs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const SEED = 20_240_611;
/** Short rows per category and label; both labels use every template equally often. */
const SHORT_ROWS = { place: 410, food: 235, person: 170, thing: 185 };
/** Part of the short rows of label 1 that bring a new subject; the others repeat one in a second template. */
const FRESH = 0.85;
/** Peoples, languages and short forms that the word list of the detector leaves out. */
const MORE_NAMES =
  "English Englishman Arabic Arab Arabs Hindi Urdu Bengali Tamil Swahili Mandarin Cantonese Catalan Basque Gaelic Farsi " +
  "Persian Persians Hebrew Tibetan Zulu Xhosa Amharic Tagalog Quechua Maori Scots Scot Turk Pole Poles Spaniard Serb " +
  "Serbs Croat Croats Swedes Dane Finn Brit Brits Kiwi Kiwis Aussie Aussies Yankee Yankees Czechs Slovenes Latin Yoruba " +
  "Igbo Hausa Sinhala Malay Javanese Flemish Walloon Sherpa Saxon";

const here = (name) => new URL(name, import.meta.url);
const read = (name) => readFileSync(here(name), "utf8");
const subjects = JSON.parse(read("country-subjects.json"));
const templates = JSON.parse(read("country-templates.json"));
const passages = read("country-passages.jsonl")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const random = generator(SEED);

function filled(template, subject) {
  const start = template.startsWith("{subject}");
  const word = start ? subject.charAt(0).toUpperCase() + subject.slice(1) : subject;
  return template.replace("{subject}", () => word);
}

/** Gives `count` rows; the nth row takes the nth template in turn, and a subject that comes back never the same one. */
function shortRows(pool, category, label, count) {
  const order = templates[category];
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / pool.length);
    const shift = pool.length % order.length === 0 ? round : 0;
    const { subject, tier } = pool[index % pool.length];
    const template = order[(index + shift) % order.length];
    return { label, tier, text: filled(template.text, subject), subject, template: template.id, group: subject };
  });
}

function impliedRows(category, count) {
  const all = subjects[`${category}s`].map(({ subject }) => ({ subject, tier: `implied_${category}` }));
  const pool = shuffled(all, random).slice(0, Math.round(count * FRESH));
  return shortRows(pool, category, 1, count);
}

function genericRows(category, count) {
  const plain = subjects.generic[`${category}s`].map((subject) => ({ subject, tier: `generic_${category}` }));
  const names = subjects.names
    .filter((name) => name.category === category)
    .map(({ subject }) => ({ subject, tier: "generic_name" }));
  return shortRows(shuffled([...plain, ...names], random), category, 0, count);
}

function hardNegatives() {
  return subjects.hard_negatives.map((text, index) => {
    const group = `ch-${String(index + 1).padStart(3, "0")}`;
    return { label: 0, tier: "generic_topic", text, subject: null, template: null, group };
  });
}

function countryNames() {
  const list = readFileSync(here("../../detectors/country-channel.yaml"), "utf8");
  const listed = [...list.matchAll(/^ {4}- (?:\{ word: )?([^,}\n]+)/gm)].map(([, word]) => word.trim());
  if (listed.length < 300) throw new Error(`country-channel.yaml: only ${listed.length} names read`);
  return [...listed, ...MORE_NAMES.split(" ")];
}

function check(rows) {
  const escaped = countryNames().map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const named = new RegExp(`(?<!\\p{L})(${escaped.join("|")})(?!\\p{L})`, "u");
  const seen = new Set();
  for (const { id, text } of rows) {
    const name = named.exec(text)?.[1];
    if (name) throw new Error(`${id} names ${name}: ${text}`);
    if (seen.has(text.toLowerCase())) throw new Error(`${id} is a duplicate: ${text}`);
    seen.add(text.toLowerCase());
  }
}

const short = Object.entries(SHORT_ROWS).flatMap(([category, count]) => [
  ...impliedRows(category, count),
  ...genericRows(category, count),
]);
const numbered = [...short, ...hardNegatives()].map((row, index) => ({
  id: `cs-${String(index + 1).padStart(4, "0")}`,
  ...row,
  source: "lensgate",
}));
const long = passages.map(({ id, label, tier, text, subject, template, group, source }) => {
  return { id, label, tier, text, subject, template, group, source };
});
const rows = [...numbered, ...long];
check(rows);

const target = fileURLToPath(here("../../detectors/data/country.jsonl"));
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
const tiers = new Set(rows.map((row) => row.tier));
process.stdout.write(`${rows.length} rows in ${tiers.size} tiers: ${target}\n`);
