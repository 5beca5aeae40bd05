import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A whole number from 0 up to `below`, `below` excluded. */
export type DrawIndex = (below: number) => number;

/** A sequence of random indices; equal seeds give equal sequences. */
export function drawsFrom(seed: number): DrawIndex {
  const random = xoroshiro128plus(seed | 0);
  return (below) => uniformInt(random, 0, below - 1);
}

/** The same values in random order, as a new list. */
export function shuffled<Value>(values: readonly Value[], draw: DrawIndex): Value[] {
  const rest = [...values];
  const out: Value[] = [];
  while (rest.length > 0) {
    const at = draw(rest.length);
    const last = rest.pop() as Value;
    out.push(rest.length === at ? last : (rest[at] as Value));
    if (at < rest.length) rest[at] = last;
  }
  return out;
}
