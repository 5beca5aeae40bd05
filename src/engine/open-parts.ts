import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadKinds } from "../detect/kinds/registry.ts";
import { createPanel, type PanelOptions } from "../detect/panel.ts";
import { createReader } from "../lens/lens-math.ts";
import { planReads } from "../lens/read-plan.ts";
import { tapsOfRead } from "../lens/reading.ts";
import { formatTap } from "../lens/tap.ts";
import { openForward } from "../model/forward.ts";
import { lensHeadOf } from "../model/lens-head.ts";
import { MANIFEST_FILE, type Manifest, type PreparedModel } from "../model/prepared.ts";
import { createTokenBytes } from "../model/token-bytes.ts";
import { createTokenNames } from "../model/token-names.ts";
import { isSpecialToken } from "../model/vocabulary.ts";
import type { WorkerSettings } from "./messages.ts";
import { createWorkMark } from "./work-mark.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** Opens everything that runs share: the graph with the taps of all detectors, the lens, the panel. */
export async function openParts(settings: WorkerSettings): Promise<{ parts: WorkerParts; model: PreparedModel }> {
  const manifest = JSON.parse(readFileSync(join(settings.prepared, MANIFEST_FILE), "utf8")) as Manifest;
  const model = { folder: settings.prepared, manifest };
  const { architecture, vocabulary } = manifest;
  const panel = createPanel(settings.detectors, await loadKinds(settings.kindModules), panelOptions(settings));
  const plan = planReads({
    reads: panel.reads,
    background: settings.background,
    vocabulary: architecture.vocabulary,
    contextTokens: settings.contextTokens,
    normEpsilon: architecture.normEpsilon,
    lenses: settings.lenses,
    extraTaps: settings.extraTaps ?? [],
  });
  const threads = settings.threads === null ? {} : { threads: settings.threads };
  const thresholds = new Map(settings.detectors.map(({ id, threshold }) => [id, threshold]));
  const taps = new Map(
    settings.detectors.map(({ id, reads }) => [id, [...new Set(reads.flatMap(tapsOfRead).map(formatTap))]]),
  );
  const forward = await openForward({ model, plan: plan.forward, ...threads });
  const parts: WorkerParts = {
    forward,
    lensHead: lensHeadOf(forward),
    panel,
    reader: createReader(plan),
    bytes: createTokenBytes(vocabulary),
    textOf: createTokenNames(vocabulary),
    isSpecial: (id) => isSpecialToken(vocabulary, id),
    endIds: new Set(vocabulary.eosIds),
    tapsOf: (detector) => taps.get(detector) ?? [],
    thresholdOf: (detector) => thresholds.get(detector) ?? null,
    hidden: architecture.hidden,
    vocabulary: architecture.vocabulary,
    contextTokens: settings.contextTokens,
    prefillChunkTokens: settings.prefillChunkTokens,
    now: () => performance.now(),
  };
  return { parts, model };
}

function panelOptions({ judgeLimitMs, mark, stuck }: WorkerSettings): PanelOptions {
  return {
    ...(judgeLimitMs === undefined ? {} : { budgetMs: judgeLimitMs }),
    ...(mark === undefined ? {} : { mark: createWorkMark(mark) }),
    stuck: new Set(stuck),
  };
}
