import type { Command } from "commander";
import { openLensComparer, type LensAtTap, type LensComparer } from "../lens/lens-compare.ts";
import { lensMapsOf, type OpenModel } from "../lens/open-model.ts";
import { LENSES } from "../lens/reading.ts";
import { parseTap } from "../lens/tap.ts";
import { openCommandModel } from "./command-model.ts";
import { readFacts } from "./fact-rows.ts";
import { compareFacts, type FactsTable } from "./lens-facts.ts";
import { readTapList } from "./lens-taps.ts";
import { formatFacts, formatTextRows } from "./lens-tables.ts";
import { parseInteger } from "./option-values.ts";
import { createProgress } from "./progress.ts";
import { estimateMean, type MeanEstimate } from "./statistics.ts";
import { readTextTokens } from "./text-tokens.ts";

/** Flags of `lensgate lens compare`, read. */
export interface LensCompareFlags {
  readonly config: string;
  readonly text: string;
  readonly facts?: string;
  readonly taps?: string;
  readonly tokens: number;
  readonly skip?: number;
  readonly json: boolean;
}

/** One lens at one tap over a text; intervals are over chunks of the text. */
export interface TextRow extends LensAtTap {
  /** KL(final ‖ lens) in nats. */
  readonly kl: MeanEstimate;
  /** Share of positions whose most likely token is the model's own. */
  readonly top1: MeanEstimate;
}

// Chunks are what intervals are drawn over: positions of one chunk are not independent.
const CHUNK_TOKENS = 128;
const SHORTEST_CHUNK = 16;

/** Adds `lensgate lens compare`: how near each lens comes to the model's own output, and where answers emerge. */
export function registerLensCompare(lens: Command): void {
  lens
    .command("compare")
    .description(
      "Compare the lenses with the model's own output on a text: divergence, agreement, where answers emerge.",
    )
    .requiredOption("--text <file>", "running text that no lens was fitted on")
    .option("--config <file>", "configuration that names the model and its precision", "gateway.yaml")
    .option("--facts <file>", "facts as JSON lines with text, answer and answer_aliases")
    .option("--taps <list>", "taps like 23.attn_out,80%.resid_post, or all (default: resid_post at twelve depths)")
    .option("--tokens <count>", "tokens of the text to read", parseInteger("--tokens", 16, 1_000_000), 2048)
    .option(
      "--skip <count>",
      "tokens of the text to pass over (default: those that the tuned lens was fitted on, when the text is the same)",
      parseInteger("--skip", 0, 100_000_000),
    )
    .option("--json", "print JSON", false)
    .action(async (flags: LensCompareFlags) => void process.stdout.write(`${await compareLenses(flags)}\n`));
}

/** Compares every lens that the model has and returns what is to be printed. */
export async function compareLenses(flags: LensCompareFlags): Promise<string> {
  const model = await openCommandModel({ config: flags.config });
  const taps = readTapList(flags.taps, model.facts.layers);
  const facts = flags.facts === undefined ? undefined : readFacts(flags.facts);
  const text = readHeldOut(model, flags);
  const lenses = findLenses(model, taps);
  const reads = lenses.map(({ lens, tap }) => ({
    tap: parseTap(tap, model.facts.layers),
    tokens: [],
    yardstick: "exact" as const,
    lens,
  }));
  const comparer = await openLensComparer({
    model: model.prepared,
    maps: lensMapsOf(model, reads),
    lenses,
    contextTokens: model.facts.contextTokens,
  });
  try {
    const rows = await compareText(comparer, { ids: text.ids, lenses });
    const table = facts ? await compareFacts({ comparer, model, facts, lenses }) : undefined;
    return print({ flags, model, positions: text.positions, rows, table });
  } finally {
    await comparer.close();
  }
}

/** Every lens that the model has at these taps: a tuned one only where it was fitted. */
function findLenses({ statistics, tuned }: OpenModel, taps: readonly string[]): LensAtTap[] {
  return LENSES.flatMap((lens) =>
    taps
      .filter((tap) => lens === "logit" || (lens === "centred" ? statistics !== null : tuned?.taps.includes(tap)))
      .map((tap) => ({ lens, tap })),
  );
}

function readHeldOut({ tokenizer, tuned }: OpenModel, { text: file, tokens, skip: asked }: LensCompareFlags) {
  const { sha256 } = readTextTokens(tokenizer, { file, skip: 0, count: 2 });
  const fitted = tuned?.text.textSha256 === sha256 ? tuned.text.tokens : 0;
  const skip = asked ?? fitted;
  if (skip < fitted) {
    throw new Error(`--skip ${skip}: the tuned lens was fitted on the first ${fitted} tokens of this text; skip those`);
  }
  const { ids } = readTextTokens(tokenizer, { file, skip, count: tokens });
  return { ids, positions: { skipped: skip, read: ids.length } };
}

async function compareText(
  comparer: LensComparer,
  { ids, lenses }: { ids: readonly number[]; lenses: readonly LensAtTap[] },
): Promise<TextRow[]> {
  const onProgress = createProgress("comparing");
  const chunks: { kl: number; top1: number }[][] = lenses.map(() => []);
  for (let start = 0; start < ids.length; start += CHUNK_TOKENS) {
    const chunk = ids.slice(start, start + CHUNK_TOKENS);
    // A short rest would weigh as much as a whole chunk.
    if (chunk.length < SHORTEST_CHUNK) break;
    const distances = await comparer.distances(chunk);
    distances.forEach((list, index) => {
      const mean = (what: (each: (typeof list)[number]) => number) =>
        list.reduce((sum, each) => sum + what(each), 0) / list.length;
      chunks[index]?.push({ kl: mean(({ kl }) => kl), top1: mean(({ agrees }) => Number(agrees)) });
    });
    onProgress(Math.min(start + CHUNK_TOKENS, ids.length), ids.length);
  }
  return lenses.map((lens, index) => ({
    ...lens,
    kl: estimateMean((chunks[index] ?? []).map(({ kl }) => kl)),
    top1: estimateMean((chunks[index] ?? []).map(({ top1 }) => top1)),
  }));
}

interface Printed {
  readonly flags: LensCompareFlags;
  readonly model: OpenModel;
  readonly positions: { readonly skipped: number; readonly read: number };
  readonly rows: readonly TextRow[];
  readonly table: FactsTable | undefined;
}

function print({ flags, model, positions, rows, table }: Printed): string {
  const { name, sha256, precision } = model.facts;
  const { lensHashes } = model;
  if (flags.json) {
    const facts = table ?? null;
    return JSON.stringify({ model: name, sha256, precision, lensHashes, text: positions, rows, facts }, null, 2);
  }
  const head = `${name}, ${precision} precision; ${positions.read} tokens after ${positions.skipped}; means with 95 % intervals over chunks of ${CHUNK_TOKENS}`;
  return [head, "", ...formatTextRows(rows), ...(table ? ["", ...formatFacts(table)] : [])].join("\n");
}
