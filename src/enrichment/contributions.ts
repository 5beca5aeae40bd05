import { createAggregate, type AggregateOptions } from "../detect/aggregate.ts";
import type { Positions } from "../detect/kinds/kind.ts";
import { covers } from "../detect/sides.ts";
import { isProbeRead, type ProbeRead } from "../lens/reading.ts";
import { formatTap } from "../lens/tap.ts";
import type { Policy } from "../decide/policy.ts";
import type { Contribution } from "./enrichment.ts";
import type { SeatedDetector } from "./pictures.ts";
import type { JudgedStep } from "./reread.ts";
import { roundNumber } from "./rounding.ts";

/** Where contributions are asked for. */
export interface ContributionPlace {
  readonly policy: Policy;
  readonly steps: readonly JudgedStep[];
  /** Of the firing. */
  readonly position: number;
  /** Positions that are shown, ascending. */
  readonly shown: readonly number[];
}

// Beyond this many steps of the aggregate nothing is computed: they take a second.
const MOST_STEPS = 20_000_000;

/** One for each tap of a probe: how much lower its pooled score at the firing would be without what the tap said at each position. Empty for other detectors. */
export function contributionsOf({ detector, firstRead }: SeatedDetector, place: ContributionPlace): Contribution[] {
  const { policy, steps, position, shown } = place;
  const rule = Object.hasOwn(policy.detectors, detector.id) ? policy.detectors[detector.id] : undefined;
  // One that is only asked to confirm judges where another is warm.
  if (!rule) return [];
  const positions = rule.positions ?? detector.positions;
  return detector.reads.flatMap((read, index) => {
    if (!isProbeRead(read)) return [];
    const parts = judgedParts(steps, { positions, read: firstRead + index, last: position });
    return read.taps.map((tap, part) => ({
      detector: detector.id,
      tap: formatTap(tap),
      bias: read.bias,
      values: withoutEach({ read, part, parts, aggregate: detector.aggregate }, shown),
    }));
  });
}

interface JudgedParts {
  readonly position: number;
  readonly parts: Float32Array; // [taps]
}

function judgedParts(
  steps: readonly JudgedStep[],
  { positions, read, last }: { positions: Positions; read: number; last: number },
): JudgedParts[] {
  return steps.flatMap(({ position, phase, parts }) => {
    const own = parts.get(read);
    return own && position <= last && covers(positions, phase) ? [{ position, parts: own }] : [];
  });
}

interface Leaving {
  readonly read: ProbeRead;
  readonly part: number;
  readonly parts: readonly JudgedParts[];
  readonly aggregate: AggregateOptions;
}

function withoutEach({ read, part, parts, aggregate }: Leaving, shown: readonly number[]): (number | null)[] {
  const raw = parts.map((step) => step.parts.reduce((sum, each) => sum + each, read.bias));
  const window = aggregate.type === "k_of_n" ? aggregate.n : 1;
  if (raw.length * shown.length * read.taps.length * window > MOST_STEPS) return shown.map(() => null);
  const whole = pool(aggregate, raw);
  return shown.map((position) => {
    const index = parts.findIndex((step) => step.position === position);
    if (index < 0) return null;
    const without = raw.with(index, (raw[index] ?? 0) - (parts[index]?.parts[part] ?? 0));
    return roundNumber(whole - pool(aggregate, without));
  });
}

function pool(options: AggregateOptions, raw: readonly number[]): number {
  const aggregate = createAggregate(options);
  let score = NaN;
  for (const value of raw) score = aggregate.push(value);
  return score;
}
