import { join } from "node:path";
import type { Config } from "../config.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import { ConfigError, type Problem } from "../errors.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { isProbeRead } from "../lens/reading.ts";
import { readSampleText } from "../lens/sample-text.ts";
import { formatTap } from "../lens/tap.ts";
import { checkYardstick, LOWEST_CORRELATION, type YardstickAgreement } from "../lens/yardstick-check.ts";
import { runtimeVersion } from "../model/session.ts";
import type { OpenedModel } from "./check.ts";
import { openConfiguredModel } from "./command-model.ts";

/** Opens the configured model for `lensgate check`, and can hold each detector's yardstick against the exact one. */
export async function openCheckModel(config: Config): Promise<OpenedModel> {
  const model = await openConfiguredModel(config);
  const { facts, prepared, source } = model;
  const { report } = prepared.manifest;
  return {
    context: resolveContextOf(model),
    binding: bindingOf(model),
    lines: [
      `model ${facts.name}: ${source.title}, ${source.licence}, sha256 ${facts.sha256.slice(0, 16)}…, ${facts.layers} layers, ${facts.vocabulary} tokens`,
      `prepared in ${prepared.folder}: ${facts.precision} precision, relative error ${report.relativeError.toExponential(1)}, ${report.requantisedBlocks} blocks requantised; onnxruntime ${runtimeVersion}`,
      `lenses: ${describeLenses(model)}`,
    ],
    inspect: (detectors) => inspectYardsticks(config, model, detectors),
  };
}

function describeLenses({ statistics, tuned }: OpenModel): string {
  const centred = statistics ? `centred (means over ${statistics.description.tokens} tokens)` : "no centred";
  return ["logit", centred, tuned ? `tuned at ${tuned.taps.length} taps` : "no tuned"].join(", ");
}

interface Inspection {
  readonly lines: string[];
  readonly problems: Problem[];
}

async function inspectYardsticks(
  config: Config,
  model: OpenModel,
  detectors: readonly LoadedDetector[],
): Promise<Inspection> {
  const sample = await readSampleText(model).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  if (sample instanceof ConfigError) return { lines: [], problems: [...sample.problems] };
  const owners = detectors.flatMap((detector) =>
    detector.reads.flatMap((read) =>
      !isProbeRead(read) && read.yardstick === "background" ? [{ id: detector.id, read }] : [],
    ),
  );
  const reads = owners.map(({ read }) => read);
  try {
    const results = await checkYardstick(model, reads, sample);
    const ids = owners.map(({ id }) => id);
    return reportAgreements(results, { ids, folder: config.detectorsFolder });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cure = "correct the options.yardstick or options.taps of the detector that reads there";
    const message = `the yardsticks cannot be checked: ${reason}`;
    return { lines: [], problems: [{ file: config.detectorsFolder, message, cure }] };
  }
}

/** `ids[n]` is the detector of `results[n]`. */
function reportAgreements(
  results: readonly YardstickAgreement[],
  { ids, folder }: { ids: readonly string[]; folder: string },
): Inspection {
  const inspection: Inspection = { lines: [], problems: [] };
  for (const [index, { read, correlation, positions }] of results.entries()) {
    const id = ids[index] ?? "";
    const tap = formatTap(read.tap) + (read.lens === undefined || read.lens === "logit" ? "" : ` (${read.lens})`);
    const shown = `the background correlates ${correlation.toFixed(3)} with the exact value`;
    inspection.lines.push(`yardstick ${id} ${tap}: ${shown} over ${positions} positions`);
    if (correlation >= LOWEST_CORRELATION) continue;
    inspection.problems.push({
      file: join(folder, `${id}.yaml`),
      field: "options.yardstick",
      message: `at ${tap} ${shown}, less than ${LOWEST_CORRELATION}`,
      cure: "write yardstick: exact, or choose another tap",
    });
  }
  return inspection;
}
