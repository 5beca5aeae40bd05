// Chooses the background samples of a model: the tokens that carry most of the lens's mass over ordinary text, for all
// taps together, and for each named tap that the common sample does not fit (`lensgate check` says which).
//
//   npx tsx scripts/choose-background.ts MODEL_FOLDER OUT.json TAP,TAP TEXTS.jsonl [TEXTS.jsonl …]     (rows with a field `text`)
//
// Only token ids are written, no text. Takes about ten minutes on two cores.
import { readFileSync, writeFileSync } from "node:fs";
import { everyTap, formatTap } from "../src/lens/tap.ts";
import { cacheFolder } from "../src/model/cache-folder.ts";
import { openForward, planTaps } from "../src/model/forward.ts";
import { openLensHead } from "../src/model/lens-head.ts";
import { readModelFolder } from "../src/model/model-folder.ts";
import { openPrepared } from "../src/model/prepare.ts";
import { createPromptEncoder } from "../src/model/prompt.ts";
import { createSlot } from "../src/model/slot.ts";
import { createTokenizer } from "../src/model/tokenizer.ts";
import { logSumExp } from "../src/model/sampler.ts";

const COMMON = 1024;
const OWN = 4096;
const POSITIONS_A_TEXT = 4;
const TEXTS = 300;
const OWN_TEXTS = 900;

const [folder = "", out = "", named = "", ...files] = process.argv.slice(2);
const prepared = await openPrepared({ model: readModelFolder(folder), cache: cacheFolder(), precision: "fast" });
const { architecture, vocabulary } = prepared.manifest;
const { hidden, layers, vocabulary: size } = architecture;
const taps = everyTap(layers).map(formatTap);
const prompts = createPromptEncoder({ vocabulary, tokenizer: createTokenizer(vocabulary) });
const plan = planTaps(taps, 512);
const forward = await openForward({ model: prepared, plan });
const head = await openLensHead({ model: prepared });

const random = createRandom(7);
const shuffled = files
  .flatMap((file) => readFileSync(file, "utf8").trim().split("\n"))
  .map((line) => (JSON.parse(line) as { text?: string }).text ?? "")
  .filter((text) => text.length > 10)
  .map((text) => ({ text, key: random() }))
  .sort((left, right) => left.key - right.key)
  .map(({ text }) => text);

const texts = shuffled.slice(0, TEXTS);
const mass = taps.map(() => new Float32Array(size)); // [taps][vocabulary], summed probability
for (const [number, text] of texts.entries()) {
  const { ids } = encode(number, text);
  if (ids.length < 3 || ids.length > 500) continue;
  const slot = createSlot(architecture);
  const result = await forward.step(slot, ids, "last");
  for (let sample = 0; sample < POSITIONS_A_TEXT; sample += 1) {
    const position = 1 + Math.floor(random() * (ids.length - 1));
    const width = taps.length * hidden;
    const logits = await head.logits(result.tapRows.slice(position * width, (position + 1) * width)); // [taps, vocabulary]
    taps.forEach((_, tap) => addMass(mass[tap] as Float32Array, logits.subarray(tap * size, (tap + 1) * size)));
  }
  if (number % 50 === 0) process.stderr.write(`${number} of ${texts.length} texts\n`);
}

// The square root keeps one tap's junk token from crowding out what many contexts share.
const common = new Float32Array(size); // [vocabulary]
for (const row of mass) for (let id = 0; id < size; id += 1) common[id] = (common[id] ?? 0) + Math.sqrt(row[id] ?? 0);
const tokens = strongest(common, COMMON);
await forward.close();

const own: Record<string, number[]> = {};
for (const tap of named.split(",").filter(Boolean)) own[tap] = strongest(await massAt(tap), OWN);
const description = `The ${COMMON} tokens with most lens mass over ordinary text at all taps, and ${OWN} of their own for the taps named`;
writeFileSync(out, `${JSON.stringify({ description, vocabulary: size, tokens, taps: own })}\n`);

/** Summed probability at one tap over every position of many texts. `[vocabulary]` */
async function massAt(tap: string): Promise<Float32Array> {
  const single = await openForward({ model: prepared, plan: { ...plan, taps: [tap] } });
  const sum = new Float32Array(size); // [vocabulary]
  for (const [number, text] of shuffled.slice(0, OWN_TEXTS).entries()) {
    const { ids } = encode(number, text);
    if (ids.length < 3 || ids.length > 500) continue;
    const { tapRows } = await single.step(createSlot(architecture), ids, "last");
    const logits = await head.logits(tapRows.slice(hidden)); // [positions − 1, vocabulary]
    for (let row = 0; row < ids.length - 1; row += 1) addMass(sum, logits.subarray(row * size, (row + 1) * size));
  }
  await single.close();
  return sum;
}

function encode(number: number, text: string) {
  return number % 2 === 0 ? prompts.encodeText(text) : prompts.encodeChat([{ role: "user", content: text }]);
}

function addMass(sum: Float32Array, logits: Float32Array): void {
  const all = logSumExp(logits);
  for (let id = 0; id < logits.length; id += 1) {
    const logP = (logits[id] ?? -Infinity) - all;
    if (logP > -14) sum[id] = (sum[id] ?? 0) + Math.exp(logP);
  }
}

function strongest(values: Float32Array, count: number): number[] {
  return Array.from(values.keys())
    .sort((left, right) => (values[right] ?? 0) - (values[left] ?? 0))
    .slice(0, count)
    .sort((left, right) => left - right);
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
