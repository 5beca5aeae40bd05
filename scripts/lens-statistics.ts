// Makes a model's lens statistics from running text: the mean row and the mean normed row of every tap, for the lens
// `centred` and for lift. Only these averages are written, no text.
//
//   npx tsx scripts/lens-statistics.ts TEXT [--model FOLDER] [--tokens 60000] [--wikitext]
//
// --wikitext cleans WikiText's raw file first. Writes lens/statistics.bin and lens/statistics.json into the model's folder
// and prints the entries for model.yaml. Takes about four minutes on two cores.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { cleanWikitext } from "../bench/wikitext.ts";
import { createProgress } from "../src/cli/progress.ts";
import { measureTapMeans } from "../src/lens/tap-mean-math.ts";
import type { StatisticsDescription } from "../src/lens/statistics.ts";
import { cacheFolder } from "../src/model/cache-folder.ts";
import { readModelFolder } from "../src/model/model-folder.ts";
import { openPrepared } from "../src/model/prepare.ts";
import { createTokenizer } from "../src/model/tokenizer.ts";

const CHUNK_TOKENS = 256;
// No token is longer than this many characters on average; encoding more than is used would take seconds.
const CHARACTERS_A_TOKEN = 8;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "models/smollm2-135m-instruct" },
    tokens: { type: "string", default: "60000" },
    wikitext: { type: "boolean", default: false },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error("TEXT is missing: name a file of running text");

const folder = readModelFolder(values.model);
const model = await openPrepared({ model: folder, cache: cacheFolder(), precision: "fast" });
const bytes = readFileSync(file);
const text = values.wikitext ? cleanWikitext(bytes.toString("utf8")) : bytes.toString("utf8");
const wanted = Number(values.tokens);
const ids = createTokenizer(model.manifest.vocabulary)
  .encode(text.slice(0, wanted * CHARACTERS_A_TOKEN))
  .slice(0, wanted);
const onProgress = createProgress("averaging");
const means = await measureTapMeans({ model, ids, chunkTokens: CHUNK_TOKENS, onProgress });

const sha256 = (content: Uint8Array | string) => createHash("sha256").update(content).digest("hex");
const data = new Uint8Array(means.values.buffer);
const cleaned = values.wikitext ? ", cleaned with bench/wikitext.ts" : "";
const description: StatisticsDescription = {
  description:
    "Means over ordinary text of the row of every tap, and of the row divided by its root mean square. " +
    `Float32, little-endian; taps in the order of computation; chunks of ${CHUNK_TOKENS} tokens, position 0 of each left out. ` +
    "Only averages of activations are stored, no text.",
  text: `${basename(file)}${cleaned}, first ${ids.length} tokens`,
  text_sha256: sha256(bytes),
  tokens: means.positions,
  precision: "fast",
  model_sha256: folder.weights.sha256,
  shape: [2, means.taps, means.hidden],
  sha256: sha256(data),
};
const json = `${JSON.stringify(description, null, 2)}\n`;
writeFileSync(join(folder.folder, "lens/statistics.bin"), data);
writeFileSync(join(folder.folder, "lens/statistics.json"), json);
for (const [name, content] of [
  ["statistics.bin", data],
  ["statistics.json", json],
] as const) {
  console.log(`  lens/${name}:\n    sha256: ${sha256(content)}\n    role: lens`);
}
