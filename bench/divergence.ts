import { argMax, logSumExp } from "../src/model/sampler.ts";

/** KL(reference ‖ other) in nats, of the distributions that two rows of logits stand for. */
export function klDivergence(reference: Float32Array, other: Float32Array): number {
  const referenceTotal = logSumExp(reference);
  const otherTotal = logSumExp(other);
  let sum = 0;
  for (let id = 0; id < reference.length; id += 1) {
    const logP = (reference[id] ?? -Infinity) - referenceTotal;
    sum += Math.exp(logP) * (logP - (other[id] ?? -Infinity) + otherTotal);
  }
  return sum;
}

/** Natural-log probability of one token. */
export function logProbability(logits: Float32Array, id: number): number {
  return (logits[id] ?? -Infinity) - logSumExp(logits);
}

/** Whether both rows have the same most likely token. */
export function agreeOnTop(reference: Float32Array, other: Float32Array): boolean {
  return argMax(reference) === argMax(other);
}
