import { loadConfig, type Config } from "../config.ts";
import type { Positions } from "../detect/kinds/kind.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { parseTap } from "../lens/tap.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { openMatrixProduct } from "../model/matrix-product.ts";
import { collectActivations } from "../training/activations.ts";
import { kernelsOf, poolActivations } from "../training/features.ts";
import { trainProbe, type NestedScores, type TrainedProbe } from "../training/probe-trainer.ts";
import { pairsOf } from "../training/recipe-search.ts";
import { defaultTaps, tapSetsOf } from "../training/tap-sets.ts";
import { readTrainingRows, type TrainingData, type TrainingRows } from "../training/training-rows.ts";
import { openConfiguredModel } from "./command-model.ts";
import { createProgress } from "./progress.ts";

/** What a training run is told. */
export interface TrainRunOptions extends TrainingData {
  readonly config: string;
  readonly positions: Positions;
  /** Taps to collect; three points at nine depths when absent. */
  readonly taps?: readonly string[];
}

/** A trained probe with the rows and the model that it comes from. */
export interface TrainRun {
  readonly config: Config;
  readonly model: OpenModel;
  readonly rows: TrainingRows;
  readonly probe: TrainedProbe;
  readonly nested: NestedScores;
}

/** Reads the rows through the configured model once, then searches, fits and measures. Progress goes to stderr. */
export async function runTraining(options: TrainRunOptions): Promise<TrainRun> {
  const config = loadConfig({ path: options.config });
  const rows = await readTrainingRows(options);
  const model = await openConfiguredModel(config);
  const { layers } = model.facts;
  const taps = (options.taps ?? defaultTaps(layers)).map((text) => parseTap(text, layers));
  const store = await collectActivations({
    model,
    rows: rows.rows,
    positions: options.positions,
    taps: taps.map(({ layer, point }) => `${layer}.${point}`),
    cache: config.cacheDir ?? cacheFolder(),
    prefillChunkTokens: config.engine.prefillChunkTokens,
    ...(config.engine.threads === undefined ? {} : { threads: config.engine.threads }),
    onProgress: createProgress(`reading ${rows.rows.length} rows`),
  });
  const product = await openMatrixProduct();
  try {
    const features = poolActivations(store, createProgress("pooling"));
    const choices = pairsOf(tapSetsOf(taps, layers));
    const candidates = await kernelsOf(product, features, {
      choices,
      onProgress: createProgress("comparing rows"),
    });
    const searching = createProgress("searching");
    const { probe, nested } = await trainProbe({
      ...rows,
      product,
      store,
      features,
      candidates,
      seed: options.seed,
      onStep: (what, done, total) => (what === "searching" ? searching(done, total) : undefined),
    });
    return { config, model, rows, probe, nested };
  } finally {
    store.close();
    await product.close();
  }
}
