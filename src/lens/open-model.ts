import { createHash } from "node:crypto";
import { ConfigError } from "../errors.ts";
import type { ModelFacts } from "../model/facts.ts";
import { readModelFolder, type ModelFolder } from "../model/model-folder.ts";
import { openPrepared } from "../model/prepare.ts";
import { FORMAT_VERSION, type PreparedModel } from "../model/prepared.ts";
import { createPromptEncoder, type ModelPromptEncoder } from "../model/prompt.ts";
import { createTokenizer, type Tokenizer } from "../model/tokenizer.ts";
import { readBackground, type Background } from "./background.ts";

/** A model as the main thread has it: everything but the weights in memory. */
export interface OpenModel {
  readonly source: ModelFolder;
  readonly prepared: PreparedModel;
  readonly tokenizer: Tokenizer;
  readonly prompts: ModelPromptEncoder;
  readonly background: Background;
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
  return {
    source,
    prepared,
    tokenizer,
    prompts: createPromptEncoder({ vocabulary, tokenizer, contextTokens }),
    background: readBackgroundOf(source, architecture.vocabulary),
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
