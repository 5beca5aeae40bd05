import { Option, type Command } from "commander";
import { everyTap, formatTap, TAP_POINTS } from "../lens/tap.ts";
import { readLayerTable } from "../lens/layer-table.ts";
import type { TopToken } from "../lens/top-tokens.ts";
import type { ModelFacts } from "../model/facts.ts";
import { visibleText } from "../visible-text.ts";
import { openCommandModel } from "./command-model.ts";
import { parseInteger, parseRanges } from "./option-values.ts";

/** Flags of `lensgate lens`, read. */
export interface LensFlags {
  readonly config: string;
  readonly layers?: string;
  readonly taps?: string;
  readonly top: number;
  readonly position?: number;
  readonly precision: "fast" | "exact";
  readonly chat: boolean;
  readonly json: boolean;
}

/** Adds `lensgate lens PROMPT`: the table of what every layer says at one position. */
export function registerLens(program: Command): void {
  program
    .command("lens")
    .description("Decode the intermediate activations of a prompt: the logit lens of every layer and tap.")
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
    .option("--chat", "put the prompt into the chat template as a user's message", false)
    .option("--json", "print JSON", false)
    .action(async (prompt: string, flags: LensFlags) => {
      process.stdout.write(`${await lens(prompt, flags)}\n`);
    });
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
  const taps = chooseTaps(flags, facts.layers);
  const table = await readLayerTable({ prepared, ids, position, taps, top: flags.top });
  const shown = { tokens: ids.map((id) => tokenizer.textOf(id)), position, table, textOf: tokenizer.textOf };
  return flags.json ? formatJson(shown, facts) : formatTable(shown);
}

function choosePosition(asked: number, count: number): number {
  const position = asked < 0 ? count + asked : asked;
  if (position >= 0 && position < count) return position;
  throw new Error(`--position ${asked} is outside the prompt, which has ${count} tokens (0 to ${count - 1})`);
}

function chooseTaps(flags: LensFlags, layers: number): string[] {
  const wanted = flags.layers === undefined ? undefined : new Set(parseRanges("--layers", flags.layers, layers - 1));
  const points = flags.taps?.split(",").map((point) => point.trim());
  const unknown = points?.find((point) => !TAP_POINTS.some((known) => known === point));
  if (unknown !== undefined) throw new Error(`--taps: "${unknown}" is not a tap; take from ${TAP_POINTS.join(", ")}`);
  return everyTap(layers)
    .filter((tap) => (wanted?.has(tap.layer) ?? true) && (points?.includes(tap.point) ?? true))
    .map(formatTap);
}

interface Table {
  readonly tokens: readonly string[];
  readonly position: number;
  readonly table: ReadonlyMap<string, readonly TopToken[]>;
  readonly textOf: (id: number) => string;
}

function formatJson({ tokens, position, table, textOf }: Table, facts: ModelFacts): string {
  const taps: Record<string, object[]> = {};
  for (const [tap, top] of table) {
    taps[tap] = top.map(({ id, probability }) => ({ id, token: textOf(id), p: probability }));
  }
  const { name: model, sha256, precision } = facts;
  return JSON.stringify({ model, sha256, precision, tokens, position, taps });
}

function formatTable({ tokens, position, table, textOf }: Table): string {
  const shown = tokens
    .map((token, index) => (index === position ? `[${visibleText(token)}]` : visibleText(token)))
    .join("");
  const lines = [...table].map(([tap, top]) => {
    const words = top.map(
      ({ id, probability }) => `${visibleText(textOf(id)).trim() || "␣"} ${(100 * probability).toFixed(0)}%`,
    );
    return `${tap.padEnd(14)}${words.join("  ")}`;
  });
  return [shown, "", ...lines].join("\n");
}
