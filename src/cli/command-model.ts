import { loadConfig } from "../config.ts";
import { openModel, type OpenModel } from "../lens/open-model.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { createProgress } from "./progress.ts";

/** Opens the model that a configuration names, for a command of its own; progress goes to stderr. */
export async function openCommandModel(options: { readonly config: string; readonly precision?: "fast" | "exact" }): Promise<OpenModel> {
  const config = loadConfig({ path: options.config });
  return openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision: options.precision ?? config.precision,
    contextTokens: config.engine.contextTokens,
    onProgress: createProgress(`preparing ${config.model.name}`),
  });
}
