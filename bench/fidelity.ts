// How far fast precision lies from exact precision on running text.
//
//   npx tsx bench/fidelity.ts --text FILE [--tokens 4096] [--window 512] [--chunk 512] [--wikitext] [--model FOLDER]
//
// --wikitext cleans WikiText's raw file first; --chunk 1 decodes token by token instead of prefilling a window at once.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cacheFolder } from "../src/model/cache-folder.ts";
import { openForward, planTaps, type Forward } from "../src/model/forward.ts";
import { readModelFolder } from "../src/model/model-folder.ts";
import { openPrepared } from "../src/model/prepare.ts";
import { createSlot } from "../src/model/slot.ts";
import { createTokenizer } from "../src/model/tokenizer.ts";
import { measureFidelity } from "./fidelity-measure.ts";
import { cleanWikitext } from "./wikitext.ts";

// No token is longer than this many characters on average; encoding more than is used would take seconds.
const CHARACTERS_A_TOKEN = 8;

const { values } = parseArgs({
  options: {
    text: { type: "string" },
    tokens: { type: "string", default: "4096" },
    window: { type: "string", default: "512" },
    chunk: { type: "string" },
    model: { type: "string", default: "models/smollm2-135m-instruct" },
    wikitext: { type: "boolean", default: false },
  },
});
if (values.text === undefined) throw new Error("--text FILE is missing: name a file of running text");
const tokens = Number(values.tokens);
const windowTokens = Number(values.window);
const chunkTokens = Number(values.chunk ?? values.window);

const folder = readModelFolder(values.model);
const open = (precision: "fast" | "exact") => openPrepared({ model: folder, cache: cacheFolder(), precision });
const [exactModel, fastModel] = [await open("exact"), await open("fast")];
const { architecture, vocabulary } = exactModel.manifest;
const plan = planTaps([], windowTokens);
const text = readFileSync(values.text, "utf8");
const ids = createTokenizer(vocabulary)
  .encode((values.wikitext ? cleanWikitext(text) : text).slice(0, CHARACTERS_A_TOKEN * (tokens + 1)))
  .slice(0, tokens + 1);

const exact: Forward = await openForward({ model: exactModel, plan });
const fast: Forward = await openForward({ model: fastModel, plan });
const result = await measureFidelity({
  exact,
  fast,
  createSlot: () => createSlot(architecture),
  ids,
  windowTokens,
  chunkTokens,
});
await exact.close();
await fast.close();

const rows: [string, string][] = [
  ["positions", String(result.positions)],
  ["mean KL(exact || fast), nats", result.meanKl.toFixed(5)],
  ["top-1 agreement", `${(100 * result.top1).toFixed(2)} %`],
  ["perplexity, exact", result.exactPerplexity.toFixed(3)],
  ["perplexity, fast", result.fastPerplexity.toFixed(3)],
  ["perplexity, fast / exact", (result.fastPerplexity / result.exactPerplexity).toFixed(4)],
];
console.log(`npx tsx bench/fidelity.ts ${process.argv.slice(2).join(" ")}`);
for (const [name, value] of rows) console.log(`${name.padEnd(30)}${value.padStart(10)}`);
