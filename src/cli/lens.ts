import { Option, type Command } from "commander";
import { readLayerTable } from "../lens/layer-table.ts";
import type { LiftReference, LiftToken } from "../lens/lift.ts";
import { lensMapsOf, type OpenModel } from "../lens/open-model.ts";
import { LENSES, type LensName } from "../lens/reading.ts";
import { readSampleText } from "../lens/sample-text.ts";
import { everyTap, formatTap, parseTap, TAP_POINTS } from "../lens/tap.ts";
import type { TopToken } from "../lens/top-tokens.ts";
import type { ModelFacts } from "../model/facts.ts";
import { visibleText } from "../visible-text.ts";
import { openCommandModel } from "./command-model.ts";
import { registerLensCompare } from "./lens-compare.ts";
import { registerLensFit } from "./lens-fit.ts";
import { parseInteger, parseRanges } from "./option-values.ts";

/** Flags of `lensgate lens`, read. */
export interface LensFlags {
  readonly config: string;
  readonly layers?: string;
  readonly taps?: string;
  readonly top: number;
  readonly position?: number;
  readonly precision: "fast" | "exact";
  readonly lens: LensName;
  readonly lift: boolean;
  readonly chat: boolean;
  readonly json: boolean;
}

/** Adds `lensgate lens PROMPT`: the table of what every layer says at one position. */
export function registerLens(program: Command): void {
  const command = program
    .command("lens")
    // What stands after a command's name belongs to that command, though both have a --config.
    .enablePositionalOptions()
    .description("Decode the intermediate activations of a prompt: what a lens says at every layer and tap.")
    .argument("<prompt>", "text; special tokens like <|im_start|> are parsed")
    .option("--config <file>", "configuration that names the model", "gateway.yaml")
    .option("--layers <list>", "layers, like 0,5,20-29 (default: all)")
    .option("--taps <list>", `taps, from ${TAP_POINTS.join(",")} (default: all)`)
    .option("--top <count>", "tokens a tap", parseInteger("--top", 1, 1000), 5)
    .option(
      "--position <index>",
      "position to look at; negative counts from the end (default: -1)",
      parseInteger("--position", -1e6, 1e6),
    )
    .addOption(new Option("--precision <precision>", "weights to run").choices(["fast", "exact"]).default("fast"))
    .addOption(new Option("--lens <lens>", "lens to look through").choices(LENSES).default("logit"))
    .option("--lift", "rank tokens by lift over their mean at the tap on ordinary text", false)
    .option("--chat", "put the prompt into the chat template as a user's message", false)
    .option("--json", "print JSON", false)
    .action(async (prompt: string, flags: LensFlags) => {
      process.stdout.write(`${await lens(prompt, flags)}\n`);
    });
  registerLensFit(command);
  registerLensCompare(command);
}

/** What the command prints: the table, or one line of JSON. Throws an `Error` that names the flag at fault. */
export async function lens(prompt: string, flags: LensFlags): Promise<string> {
  const model = await openCommandModel({ config: flags.config, precision: flags.precision });
  const { tokenizer, prompts, facts, prepared } = model;
  const encoded = flags.chat
    ? prompts.encodeChat([{ role: "user", content: prompt }])
    : prompts.encodeWithSpecials(prompt);
  const ids = [...encoded.ids];
  if (ids.length === 0) throw new Error("the prompt holds no token; give some text");
  if (ids.length > facts.contextTokens) {
    throw new Error(`the prompt has ${ids.length} tokens, the context holds ${facts.contextTokens}; shorten it`);
  }
  const position = choosePosition(flags.position ?? -1, ids.length);
  const taps = chooseTaps(flags, model);
  const reads = taps.map((tap) => ({ tap: parseTap(tap, facts.layers), tokens: [], yardstick, lens: flags.lens }));
  const table = await readLayerTable({
    prepared,
    ids,
    position,
    taps,
    top: flags.top,
    lens: flags.lens,
    maps: lensMapsOf(model, reads),
    ...(flags.lift ? { lift: await findReference(model) } : {}),
  });
  const shown = { tokens: ids.map((id) => tokenizer.textOf(id)), position, table, textOf: tokenizer.textOf };
  return flags.json ? formatJson(shown, facts) : formatTable(shown);
}

function choosePosition(asked: number, count: number): number {
  const position = asked < 0 ? count + asked : asked;
  if (position >= 0 && position < count) return position;
  throw new Error(`--position ${asked} is outside the prompt, which has ${count} tokens (0 to ${count - 1})`);
}

const yardstick = "exact" as const;

/** Ordinary text to compare with: what the model ships. */
async function findReference(model: OpenModel): Promise<LiftReference> {
  const { statistics } = model;
  if (!statistics) {
    const cure = "make lens/statistics.bin with scripts/lens-statistics.ts, or leave --lift out";
    throw new Error(`--lift: the model ships no averages over ordinary text (${cure})`);
  }
  return { statistics, sample: model.tokenizer.encode(await readSampleText(model)) };
}

function chooseTaps(flags: LensFlags, { facts: { layers }, tuned }: OpenModel): string[] {
  const wanted = flags.layers === undefined ? undefined : new Set(parseRanges("--layers", flags.layers, layers - 1));
  const points = flags.taps?.split(",").map((point) => point.trim());
  const unknown = points?.find((point) => !TAP_POINTS.some((known) => known === point));
  if (unknown !== undefined) throw new Error(`--taps: "${unknown}" is not a tap; take from ${TAP_POINTS.join(", ")}`);
  const taps = everyTap(layers)
    .filter((tap) => (wanted?.has(tap.layer) ?? true) && (points?.includes(tap.point) ?? true))
    .map(formatTap);
  if (flags.lens !== "tuned") return taps;
  const fitted = taps.filter((tap) => tuned?.taps.includes(tap));
  if (fitted.length > 0) return fitted;
  throw new Error("--lens tuned: none of these taps is fitted; fit them with lensgate lens fit --text FILE --taps …");
}

interface Table {
  readonly tokens: readonly string[];
  readonly position: number;
  readonly table: ReadonlyMap<string, readonly (TopToken | LiftToken)[]>;
  readonly textOf: (id: number) => string;
}

function formatJson({ tokens, position, table, textOf }: Table, facts: ModelFacts): string {
  const taps: Record<string, object[]> = {};
  for (const [tap, top] of table) {
    taps[tap] = top.map((token) => {
      const { id, probability: p } = token;
      const { lift, percentile } = "lift" in token ? token : {};
      return { id, token: textOf(id), p, ...(lift === undefined ? {} : { lift, percentile }) };
    });
  }
  const { name: model, sha256, precision } = facts;
  return JSON.stringify({ model, sha256, precision, tokens, position, taps });
}

function formatTable({ tokens, position, table, textOf }: Table): string {
  const shown = tokens
    .map((token, index) => (index === position ? `[${visibleText(token)}]` : visibleText(token)))
    .join("");
  const lines = [...table].map(([tap, top]) => {
    const words = top.map((token) => {
      const lift = "lift" in token ? ` +${token.lift.toFixed(1)} (${token.percentile.toFixed(1)}th)` : "";
      return `${visibleText(textOf(token.id)).trim() || "␣"} ${(100 * token.probability).toFixed(0)}%${lift}`;
    });
    return `${tap.padEnd(14)}${words.join("  ")}`;
  });
  return [shown, "", ...lines].join("\n");
}
