import { formatTap, parseTap, type Tap } from "../../lens/tap.ts";
import { OptionError } from "./kind.ts";

/** The taps that a definition names, absolute; throws `OptionError` for what is no tap of this model, or the same one twice. */
export function resolveTaps(texts: readonly string[], layers: number): Tap[] {
  const seen = new Map<string, string>();
  return texts.map((text, index) => {
    const tap = parseOption(text, { index, layers });
    const name = formatTap(tap);
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new OptionError(
        ["taps", index],
        `"${text}" is the same tap as "${earlier}" (${name})`,
        "remove one of the two",
      );
    }
    seen.set(name, text);
    return tap;
  });
}

function parseOption(text: string, place: { index: number; layers: number }): Tap {
  try {
    return parseTap(text, place.layers);
  } catch (error) {
    const cure = `write a layer from 0 to ${place.layers - 1} or a share of depth, like 80%.attn_out`;
    throw new OptionError(["taps", place.index], error instanceof Error ? error.message : String(error), cure);
  }
}
