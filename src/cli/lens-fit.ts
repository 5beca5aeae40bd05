import type { Command } from "commander";
import { ConfigError } from "../errors.ts";
import { tunedModelOf, type OpenModel } from "../lens/open-model.ts";
import { fitTuned } from "../lens/tuned-fit.ts";
import { readTunedMaps, tunedFolder, writeTuned, type TunedText } from "../lens/tuned-lens.ts";
import { loadConfig } from "../config.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { openConfiguredModel } from "./command-model.ts";
import { readTapList } from "./lens-taps.ts";
import { parseInteger } from "./option-values.ts";
import { createProgress } from "./progress.ts";
import { readTextTokens } from "./text-tokens.ts";

/** Flags of `lensgate lens fit`, read. */
export interface LensFitFlags {
  readonly config: string;
  readonly text: string;
  readonly taps?: string;
  readonly tokens: number;
}

/** Adds `lensgate lens fit`: the lens `tuned`, fitted on a text of your own. */
export function registerLensFit(lens: Command): void {
  lens
    .command("fit")
    .description("Fit the lens tuned: for each tap an affine map to the model's last residual, kept in the cache.")
    .requiredOption("--text <file>", "running text to fit on")
    .option("--config <file>", "configuration that names the model and its precision", "gateway.yaml")
    .option("--taps <list>", "taps like 23.attn_out,80%.resid_post, or all (default: resid_post at twelve depths)")
    .option("--tokens <count>", "tokens of the text to fit on", parseInteger("--tokens", 512, 10_000_000), 16_384)
    .action(async (flags: LensFitFlags) => void process.stdout.write(`${await fitLens(flags)}\n`));
}

/** Fits what is not fitted yet and says what there is. Taps that an interrupted run left behind are not fitted again. */
export async function fitLens(flags: LensFitFlags): Promise<string> {
  const config = loadConfig({ path: flags.config });
  const model = await openConfiguredModel(config);
  const { facts, prepared } = model;
  const taps = readTapList(flags.taps, facts.layers);
  const { ids, sha256 } = readTextTokens(model.tokenizer, { file: flags.text, skip: 0, count: flags.tokens });
  const text: TunedText = { textSha256: sha256, tokens: ids.length };
  const bound = tunedModelOf(prepared.manifest);
  const folder = tunedFolder(config.cacheDir ?? cacheFolder(), bound);
  const maps = readEarlier(model, text);
  const missing = taps.filter((tap) => !maps.has(tap));
  await fitTuned({
    model: prepared,
    ids,
    taps: missing,
    onFitted: (fitted) => {
      for (const [tap, map] of fitted) maps.set(tap, map);
      writeTuned(folder, bound, { text, maps });
    },
    onProgress: createProgress(`fitting ${missing.length} taps`),
  });
  const earlier = taps.length - missing.length;
  return `fitted ${missing.length} taps on ${ids.length} tokens, ${earlier} were there; ${maps.size} in ${folder}`;
}

/** The taps fitted before; throws `ConfigError` when that was on another text. */
function readEarlier({ tuned }: OpenModel, text: TunedText) {
  if (!tuned) return new Map();
  const { textSha256, tokens } = tuned.text;
  if (textSha256 === text.textSha256 && tokens === text.tokens) return readTunedMaps(tuned, tuned.taps);
  const message = `a lens was fitted here on ${tokens} tokens of the text ${textSha256.slice(0, 16)}…, not on these ${text.tokens} of ${text.textSha256.slice(0, 16)}…`;
  const cure = `give the same text and --tokens, or remove ${tuned.folder} first: thresholds set on it are then void`;
  throw new ConfigError([{ file: tuned.folder, message, cure }]);
}
