import { formatTap, TAP_POINTS, type Tap, type TapPoint } from "../lens/tap.ts";

/** Taps that are tried together as one probe. */
export interface TapSet {
  readonly name: string;
  readonly taps: readonly string[];
}

// `resid_mid` says nearly what `resid_post` says.
const POINTS: readonly TapPoint[] = ["attn_out", "mlp_out", "resid_post"];
const FIRST_SHARE = 0.15;
const DEPTHS = 9;

/** The taps that training reads unless told otherwise: three points at nine depths, from 15 % of the depth to the last block. */
export function defaultTaps(layers: number): string[] {
  const first = Math.round(FIRST_SHARE * (layers - 1));
  const depths = Array.from({ length: DEPTHS }, (_, index) =>
    Math.round(first + (index * (layers - 1 - first)) / (DEPTHS - 1)),
  );
  return [...new Set(depths)].flatMap((layer) => POINTS.map((point) => formatTap({ layer, point })));
}

/**
 * The sets that the search compares, from what was collected: one point at all depths, the middle and the late depths, a mix, and everything.
 * A handful on purpose: on some hundred rows, picking taps one by one follows chance.
 */
export function tapSetsOf(taps: readonly Tap[], layers: number): TapSet[] {
  const named = (name: string, chosen: readonly Tap[]): TapSet => ({ name, taps: chosen.map(formatTap) });
  const between = (low: number, high: number) =>
    taps.filter(({ layer }) => layer >= low * (layers - 1) && layer <= high * (layers - 1));
  const sets = [
    ...TAP_POINTS.map((point) =>
      named(
        point,
        taps.filter((tap) => tap.point === point),
      ),
    ),
    named("middle", between(0.25, 0.65)),
    named("late", between(0.6, 1)),
    named("mix", mixOf(taps)),
    named("all", taps),
  ];
  const seen = new Set<string>();
  return sets.filter((set) => {
    const key = set.taps.join();
    if (set.taps.length === 0 || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

// Every second depth, the points taking turns: as wide as "all" for a third of the cost.
function mixOf(taps: readonly Tap[]): Tap[] {
  const depths = [...new Set(taps.map(({ layer }) => layer))];
  const points = [...new Set(taps.map(({ point }) => point))];
  return taps.filter(
    ({ layer, point }) => (depths.indexOf(layer) + points.indexOf(point)) % Math.max(2, points.length) === 0,
  );
}
