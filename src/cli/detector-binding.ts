import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { bindingFields, bindingFor } from "../detect/calibration.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions, resolveDetectors } from "../detect/loader.ts";
import { listDetectorFiles } from "../detector-files.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import { ConfigError } from "../errors.ts";
import { suggestWord } from "../suggestion.ts";
import { openConfiguredModel } from "./command-model.ts";

/** Adds `binding ID` to a command: prints the calibration fields that hold for what is loaded now, as YAML. */
export function registerBinding(detectors: Command): void {
  detectors
    .command("binding")
    .description("Print the fields of a calibration that hold for what is loaded now.")
    .argument("<id>", "detector")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (id: string, flags: { config: string }) => {
      for (const line of await describeBinding(flags.config, id)) process.stdout.write(`${line}\n`);
    });
}

/**
 * The fields of `calibration` that bind a detector, as lines of YAML. What its definition says of them so far does not matter.
 * Throws `ConfigError` for a detector that is not there or does not load.
 */
export async function describeBinding(configPath: string, id: string): Promise<string[]> {
  const config = loadConfig({ path: configPath });
  const kinds = await loadKinds(config.kindModules);
  const ids = listDetectorFiles(config.detectorsFolder).map((file) => file.id);
  if (!ids.includes(id)) {
    const cure = suggestWord(id, ids);
    throw new ConfigError([{ file: config.detectorsFolder, message: `there is no detector "${id}"`, cure }]);
  }
  const read = readDefinitions({ folder: config.detectorsFolder, kinds, only: id });
  const model = await openConfiguredModel(config);
  const [detector] = resolveDetectors(read, { kinds, context: resolveContextOf(model), binding: null });
  const fields = bindingFields(bindingFor(detector?.reads ?? [], bindingOf(model)));
  return Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
}
