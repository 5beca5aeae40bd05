import { everyTap, formatTap, parseTap } from "../lens/tap.ts";

const DEFAULT_TAPS = 12;

/** Blocks' outputs at twelve depths, the first to the last but one: what `fit` and `compare` take unless told otherwise. */
export function defaultTaps(layers: number): string[] {
  const count = Math.min(DEFAULT_TAPS, layers - 1);
  const layerOf = (index: number) => (count === 1 ? 0 : Math.round((index * (layers - 2)) / (count - 1)));
  return Array.from({ length: count }, (_, index) => formatTap({ layer: layerOf(index), point: "resid_post" }));
}

/** Reads `--taps`: `all`, or taps like `23.attn_out,80%.resid_post`; throws an `Error` that names the flag. */
export function readTapList(text: string | undefined, layers: number): string[] {
  if (text === undefined) return defaultTaps(layers);
  if (text.trim() === "all") return everyTap(layers).map(formatTap);
  const taps = text.split(",").map((part) => {
    try {
      return formatTap(parseTap(part.trim(), layers));
    } catch (error) {
      throw new Error(`--taps: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
  return [...new Set(taps)];
}
