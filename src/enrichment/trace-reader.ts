import type { LoadedDetector } from "../detect/loader.ts";
import { openParts } from "../engine/open-parts.ts";
import type { WorkerParts } from "../engine/worker-parts.ts";
import { GatewayError } from "../errors.ts";
import { isProbeRead } from "../lens/reading.ts";
import { openMatrixProduct } from "../model/matrix-product.ts";
import { createPromptEncoder, type PromptEncoder } from "../model/prompt.ts";
import { createSlot, type Slot } from "../model/slot.ts";
import { createDetokeniser } from "../model/token-bytes.ts";
import { createTokenizer } from "../model/tokenizer.ts";
import type { Trace } from "../trace/trace.ts";
import { continueReply } from "./continuation.ts";
import { contributionsOf } from "./contributions.ts";
import {
  failureOf,
  RereadError,
  type Enrichment,
  type EnrichmentFailure,
  type Picture,
  type ShownPosition,
} from "./enrichment.ts";
import { openLayerLens, type LayerLens } from "./layer-tokens.ts";
import { drawPicture, type PictureParts, type SeatedDetector } from "./pictures.ts";
import type { ReaderSettings } from "./reader-settings.ts";
import { planReread, type RereadPlan } from "./reread-plan.ts";
import { reread, type KeptRow } from "./reread.ts";
import { compareScores } from "./scores.ts";

/** The model with every tap, for traces that are read again. One at a time. */
export interface TraceReader {
  /** Throws only when the model itself fails. */
  read(trace: Trace): Promise<Enrichment | EnrichmentFailure>;
  close(): Promise<void>;
}

/** What is open while traces are read. */
interface OpenReader extends PictureParts {
  readonly prompts: PromptEncoder;
  readonly slot: Slot;
  readonly layers: LayerLens;
  readonly seats: ReadonlyMap<string, SeatedDetector>;
}

/** Loads the model. `wall`: milliseconds since 1970. */
export async function openTraceReader(settings: ReaderSettings, wall: () => number = Date.now): Promise<TraceReader> {
  const open = await openReader(settings);
  return {
    async read(trace) {
      const startedAt = wall();
      open.slot.clear();
      try {
        const found = await enrich(open, trace);
        const madeAt = wall();
        return { ...found, madeAt, tookMs: madeAt - startedAt };
      } catch (error) {
        if (!(error instanceof RereadError || error instanceof GatewayError)) throw error;
        return failureOf(trace.head.id, wall(), error.message);
      }
    },
    async close() {
      await open.product.close();
      await open.parts.forward.close();
      await open.parts.lensHead.close();
    },
  };
}

async function openReader(settings: ReaderSettings): Promise<OpenReader> {
  const { threads, contextTokens, detectors } = settings.worker;
  const { parts, model } = await openParts(settings.worker);
  const product = await openMatrixProduct(threads === null ? {} : { threads });
  const { vocabulary, architecture } = model.manifest;
  return {
    parts,
    model,
    product,
    settings,
    prompts: createPromptEncoder({ vocabulary, tokenizer: createTokenizer(vocabulary), contextTokens }),
    slot: createSlot(architecture, contextTokens),
    layers: await openLayerLens({ parts, model, settings }),
    seats: seatsOf(detectors),
  };
}

async function enrich(open: OpenReader, trace: Trace): Promise<Omit<Enrichment, "madeAt" | "tookMs">> {
  const { parts, slot, settings } = open;
  const plan = planReread(trace, settings, open.prompts);
  const fired = plan.detectors.flatMap((id) => open.seats.get(id) ?? []);
  const read = await reread({ plan, parts, slot, probeReads: fired.flatMap(probeReadsOf) });
  const at = read.kept.get(plan.firing.position);
  if (!at) throw new RereadError("the position that was flagged could not be read");
  const positions = [...read.kept.keys()];
  const place = { policy: plan.policy, steps: read.steps, position: plan.firing.position, shown: positions };
  return {
    version: 1,
    traceId: trace.head.id,
    model: settings.model,
    positions: describePositions(parts, plan, positions),
    firing: plan.firing,
    taps: settings.taps,
    pictures: await drawAll(open, fired, [...read.kept.values()]),
    layers: await open.layers.read(at),
    contributions: fired.flatMap((seated) => contributionsOf(seated, place)),
    reread: compareScores(plan, read.every, settings),
    continuation: await continueReply({ plan, parts, slot, logits: read.logits }),
  };
}

/** A detector's reads follow those of the detectors before it. */
function seatsOf(detectors: readonly LoadedDetector[]): Map<string, SeatedDetector> {
  let firstRead = 0;
  return new Map(
    detectors.map((detector) => {
      const seat = { detector, firstRead };
      firstRead += detector.reads.length;
      return [detector.id, seat];
    }),
  );
}

function probeReadsOf({ detector, firstRead }: SeatedDetector): number[] {
  return detector.reads.flatMap((read, index) => (isProbeRead(read) ? [firstRead + index] : []));
}

async function drawAll(
  drawn: PictureParts,
  fired: readonly SeatedDetector[],
  rows: readonly KeptRow[],
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const seated of fired) {
    const picture = await drawPicture(drawn, seated, rows);
    if (picture) pictures.push(picture);
  }
  return pictures;
}

function describePositions(parts: WorkerParts, plan: RereadPlan, positions: readonly number[]): ShownPosition[] {
  const { prompt, forced, trace } = plan;
  const released = trace.end?.releasedTokens ?? trace.evidence.at(-1)?.released ?? 0;
  const detokeniser = createDetokeniser(parts.bytes);
  const texts = [...prompt, ...forced].map((id) => (parts.isSpecial(id) ? parts.textOf(id) : detokeniser.push(id)));
  return positions.map((position) => {
    const reply = position - prompt.length;
    return {
      position,
      token: (reply < 0 ? prompt[position] : forced[reply]) ?? -1,
      text: texts[position] ?? "",
      released: reply < 0 ? null : reply < released,
    };
  });
}
