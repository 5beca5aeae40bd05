/** The four points of a block, in the order of computation. */
export const TAP_POINTS = ["attn_out", "resid_mid", "mlp_out", "resid_post"] as const;

/** A tap's name with an absolute layer, like `23.attn_out`. */
export const TAP_NAME = new RegExp(`^\\d+\\.(${TAP_POINTS.join("|")})$`);

/** A point of a block: attention output and MLP output before they are added, and the residual after each addition. */
export type TapPoint = (typeof TAP_POINTS)[number];

/** One of the four points of one block. Layers count from 0. */
export interface Tap {
  readonly layer: number;
  readonly point: TapPoint;
}

/** `{layer: 23, point: "attn_out"}` → `"23.attn_out"`. */
export function formatTap(tap: Tap): string {
  return `${tap.layer}.${tap.point}`;
}

/** Every tap of a model, block by block, in the order of computation: `4 × layers` taps. */
export function everyTap(layers: number): Tap[] {
  return Array.from({ length: layers }, (_, layer) => TAP_POINTS.map((point) => ({ layer, point }))).flat();
}

/**
 * Reads `"23.attn_out"` (absolute layer) or `"80%.attn_out"` (share of depth, layer = round(share × (layers − 1))).
 * Throws a plain `Error` that names what is wrong.
 */
export function parseTap(text: string, layers: number): Tap {
  const match = /^(\d+(?:\.\d+)?%|\d+)\.([a-z_]+)$/.exec(text);
  const [, depth = "", name = ""] = match ?? [];
  const point = TAP_POINTS.find((candidate) => candidate === name);
  if (!match || point === undefined) {
    throw new Error(
      `"${text}" is not a tap; write a layer or a share of depth and one of ${TAP_POINTS.join(", ")}, like 23.attn_out or 80%.attn_out`,
    );
  }
  if (depth.endsWith("%")) {
    const share = Number(depth.slice(0, -1)) / 100;
    if (share > 1) throw new Error(`"${text}" is deeper than 100 %`);
    return { layer: Math.round(share * (layers - 1)), point };
  }
  const layer = Number(depth);
  if (layer >= layers) throw new Error(`"${text}" names layer ${layer}, but the model has layers 0 to ${layers - 1}`);
  return { layer, point };
}
