import { loadConfig, type Config } from "../config.ts";
import { openModel, type OpenModel } from "../lens/open-model.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { createProgress } from "./progress.ts";

/** Which configuration names the model; `precision` replaces the configuration's own. */
export interface CommandModelOptions {
  readonly config: string;
  readonly precision?: "fast" | "exact";
}

/** Opens the model that a configuration names, for a command of its own; progress goes to stderr. */
export function openCommandModel({ config, precision }: CommandModelOptions): Promise<OpenModel> {
  return openConfiguredModel(loadConfig({ path: config }), precision);
}

/** The same for a configuration that is loaded already. Throws `ConfigError` for whatever does not fit. */
export function openConfiguredModel(config: Config, precision = config.precision): Promise<OpenModel> {
  return openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision,
    contextTokens: config.engine.contextTokens,
    onProgress: createProgress(`preparing ${config.model.name}`),
  });
}
