import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random numbers of the distributions that shares and counts have; equal seeds give equal sequences. */
export interface Variates {
  /** From 0 up to 1, 1 excluded. */
  share(): number;
  normal(): number;
  /** Of the beta distribution; a of 0 gives 0 and b of 0 gives 1. */
  beta(a: number, b: number): number;
  /** How many of n happen when each does with this share. Exact up to 30 expected, the rounded normal approximation above. */
  binomial(n: number, share: number): number;
}

const MOST_INVERTED = 30;

/** Makes the sequence of a seed. */
export function variatesFrom(seed: number): Variates {
  const random = xoroshiro128plus(seed | 0);
  const share = (): number => uniformFloat64(random);

  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share());
  }

  // Marsaglia and Tsang (2000); a shape below 1 is drawn one higher and brought back by a power of a uniform number.
  function gamma(shape: number): number {
    if (shape < 1) return gamma(shape + 1) * (1 - share()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - share()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  function invert(n: number, chance: number): number {
    const odds = chance / (1 - chance);
    let [left, probability, count] = [share(), (1 - chance) ** n, 0];
    while (left > probability && count < n) {
      left -= probability;
      count += 1;
      probability *= ((n - count + 1) / count) * odds;
    }
    return count;
  }

  function binomial(n: number, chance: number): number {
    if (n <= 0 || chance <= 0) return 0;
    if (chance >= 1) return n;
    if (chance > 0.5) return n - binomial(n, 1 - chance);
    const expected = n * chance;
    if (expected <= MOST_INVERTED) return invert(n, chance);
    const drawn = Math.round(expected + normal() * Math.sqrt(expected * (1 - chance)));
    return Math.min(n, Math.max(0, drawn));
  }

  return {
    share,
    normal,
    beta(a, b) {
      if (a <= 0) return 0;
      if (b <= 0) return 1;
      const [left, right] = [gamma(a), gamma(b)];
      return left / (left + right);
    },
    binomial,
  };
}
