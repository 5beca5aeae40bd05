import { createHash } from "node:crypto";
import { ConfigError } from "../errors.ts";
import type { Architecture } from "../model/architecture.ts";
import type { ModelFacts } from "../model/facts.ts";
import { readModelFolder, type ModelFolder } from "../model/model-folder.ts";
import { openPrepared } from "../model/prepare.ts";
import { FORMAT_VERSION, type Manifest, type PreparedModel } from "../model/prepared.ts";
import { createPromptEncoder, type ModelPromptEncoder } from "../model/prompt.ts";
import { createTokenizer, type Tokenizer } from "../model/tokenizer.ts";
import { readBackground, type Background } from "./background.ts";
import type { LensMaps } from "./lens-maps.ts";
import { isProbeRead, type LensName, type Read } from "./reading.ts";
import { readStatistics, type LensStatistics } from "./statistics.ts";
import { formatTap } from "./tap.ts";
import { readTuned, readTunedMaps, tunedFolder, type TunedLens, type TunedModel } from "./tuned-lens.ts";

/** A model as the main thread has it: everything but the weights in memory. */
export interface OpenModel {
  readonly source: ModelFolder;
  readonly prepared: PreparedModel;
  readonly tokenizer: Tokenizer;
  readonly prompts: ModelPromptEncoder;
  readonly background: Background;
  /** Averages over ordinary text; null for a model that ships none, which has no lens `centred` and no lift. */
  readonly statistics: LensStatistics | null;
  /** What `lensgate lens fit` left in the cache; null before. */
  readonly tuned: TunedLens | null;
  /** sha256 of what each lens depends on beside the model, 64 hex digits; null where there is nothing. */
  readonly lensHashes: Readonly<Record<LensName, string | null>>;
  readonly facts: ModelFacts;
  /** sha256 of the chat template, null without one. */
  readonly chatTemplateSha256: string | null;
}

export interface OpenModelOptions {
  readonly folder: string;
  readonly cache: string;
  readonly precision: "fast" | "exact";
  readonly contextTokens: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Opens a folder under `models/`, preparing it at first use. Throws `ConfigError` for whatever does not fit. */
export async function openModel(options: OpenModelOptions): Promise<OpenModel> {
  const { folder, contextTokens } = options;
  const source = readModelFolder(folder);
  const prepared = await openPrepared({ ...options, model: source });
  const { architecture, vocabulary } = prepared.manifest;
  if (contextTokens > architecture.trainedContext) {
    const message = `the model was trained for ${architecture.trainedContext} positions, ${contextTokens} are configured`;
    throw new ConfigError([
      { file: folder, field: "engine.context_tokens", message, cure: `set at most ${architecture.trainedContext}` },
    ]);
  }
  const tokenizer = createTokenizer(vocabulary);
  const { chatTemplate } = vocabulary;
  const statistics = readStatisticsOf(source, architecture);
  const tuned = readTunedOf(options, prepared);
  return {
    source,
    prepared,
    tokenizer,
    prompts: createPromptEncoder({ vocabulary, tokenizer, contextTokens }),
    background: readBackgroundOf(source, architecture.vocabulary),
    statistics,
    tuned,
    lensHashes: { logit: null, centred: statistics?.sha256 ?? null, tuned: tuned?.sha256 ?? null },
    facts: {
      name: source.id,
      sha256: source.weights.sha256,
      precision: options.precision,
      formatVersion: FORMAT_VERSION,
      layers: architecture.layers,
      hidden: architecture.hidden,
      vocabulary: architecture.vocabulary,
      contextTokens,
    },
    chatTemplateSha256: chatTemplate === null ? null : createHash("sha256").update(chatTemplate).digest("hex"),
  };
}

function readBackgroundOf(source: ModelFolder, vocabulary: number): Background {
  const file = source.lens["background.json"];
  if (!file) {
    const cure = "write one with scripts/choose-background.ts and name it in model.yaml with the role lens";
    throw new ConfigError([{ file: source.folder, field: "files", message: "the model has no background.json", cure }]);
  }
  return readBackground({ ...file, vocabulary });
}

function readStatisticsOf(source: ModelFolder, architecture: Architecture): LensStatistics | null {
  const { "statistics.bin": values, "statistics.json": description } = source.lens;
  if (!values && !description) return null;
  if (!values || !description) {
    const message = "statistics.bin and statistics.json belong together, and one of them is not listed";
    const cure = "list both with the role lens, or neither";
    throw new ConfigError([{ file: source.folder, field: "files", message, cure }]);
  }
  const { layers, hidden } = architecture;
  return readStatistics({ description, values, modelSha256: source.weights.sha256, layers, hidden });
}

function readTunedOf({ cache }: OpenModelOptions, { manifest }: PreparedModel): TunedLens | null {
  const model = tunedModelOf(manifest);
  return readTuned(tunedFolder(cache, model), model);
}

/** What a fitted lens is bound to. */
export function tunedModelOf(manifest: Manifest): TunedModel {
  const { sourceSha256: modelSha256, precision, formatVersion, architecture } = manifest;
  return { modelSha256, precision, formatVersion, hidden: architecture.hidden };
}

/** Means and fitted maps of the taps that these reads look at through other lenses than `logit`; what the model lacks is left out. */
export function lensMapsOf(model: Pick<OpenModel, "statistics" | "tuned">, reads: readonly Read[]): LensMaps {
  const tapsOf = (lens: LensName) =>
    reads.flatMap((read) => (!isProbeRead(read) && read.lens === lens ? [formatTap(read.tap)] : []));
  const means = tapsOf("centred").flatMap((tap) => {
    const mean = model.statistics?.means.get(tap);
    return mean ? [[tap, mean] as const] : [];
  });
  const tuned = tapsOf("tuned");
  const isFitted = model.tuned !== null && tuned.length > 0;
  return { means: new Map(means), tuned: isFitted ? readTunedMaps(model.tuned, tuned) : new Map() };
}
