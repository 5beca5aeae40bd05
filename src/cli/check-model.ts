import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import type { Problem } from "../errors.ts";
import { openModel, type OpenModel } from "../lens/open-model.ts";
import { formatTap } from "../lens/tap.ts";
import { checkYardstick, LOWEST_CORRELATION } from "../lens/yardstick-check.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { hashFile } from "../model/prepared-folder.ts";
import { runtimeVersion } from "../model/session.ts";
import type { OpenedModel } from "./check.ts";
import { createProgress } from "./progress.ts";

/** Opens the configured model for `lensgate check`, and can hold each detector's yardstick against the exact one. */
export async function openCheckModel(config: Config): Promise<OpenedModel> {
  const model = await openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision: config.precision,
    contextTokens: config.engine.contextTokens,
    onProgress: createProgress(`preparing ${config.model.name}`),
  });
  const { facts, prepared, source } = model;
  const { report } = prepared.manifest;
  return {
    context: resolveContextOf(model),
    binding: bindingOf(model),
    lines: [
      `model ${facts.name}: ${source.title}, ${source.licence}, sha256 ${facts.sha256.slice(0, 16)}…, ${facts.layers} layers, ${facts.vocabulary} tokens`,
      `prepared in ${prepared.folder}: ${facts.precision} precision, relative error ${report.relativeError.toExponential(1)}, ${report.requantisedBlocks} blocks requantised; onnxruntime ${runtimeVersion}`,
    ],
    inspect: (detectors) => inspectYardsticks(config, model, detectors),
  };
}

async function inspectYardsticks(
  config: Config,
  model: OpenModel,
  detectors: readonly LoadedDetector[],
): Promise<{ lines: string[]; problems: Problem[] }> {
  const sample = model.source.lens["sample.txt"];
  if (!sample || !existsSync(sample.path)) {
    const cure = "give some hundred words of ordinary text there and name it in model.yaml with the role lens";
    const problem = {
      file: model.source.folder,
      field: "files",
      message: "the model has no sample.txt to check yardsticks on",
      cure,
    };
    return { lines: [], problems: [problem] };
  }
  if ((await hashFile(sample.path)) !== sample.sha256) {
    const cure = "restore the file, or correct model.yaml if you trust this one";
    return { lines: [], problems: [{ file: sample.path, message: "its sha256 is not the one of model.yaml", cure }] };
  }
  const owners = detectors.flatMap((detector) =>
    detector.reads.filter((read) => read.yardstick === "background").map((read) => ({ detector, read })),
  );
  const results = await checkYardstick(
    model,
    owners.map(({ read }) => read),
    readFileSync(sample.path, "utf8"),
  );
  const lines: string[] = [];
  const problems: Problem[] = [];
  for (const [index, { read, correlation, positions }] of results.entries()) {
    const id = owners[index]?.detector.id ?? "";
    const shown = `correlates ${correlation.toFixed(3)} with the exact value`;
    lines.push(`yardstick ${id} ${formatTap(read.tap)}: the background ${shown} over ${positions} positions`);
    if (correlation >= LOWEST_CORRELATION) continue;
    const cure = "write yardstick: exact, or choose another tap";
    problems.push({
      file: join(config.detectorsFolder, `${id}.yaml`),
      field: "options.yardstick",
      message: `at ${formatTap(read.tap)} the background ${shown}, less than ${LOWEST_CORRELATION}`,
      cure,
    });
  }
  return { lines, problems };
}
