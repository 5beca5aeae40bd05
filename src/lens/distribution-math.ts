import { logSumExp } from "../model/sampler.ts";

/** The model's own distribution at one position, which lenses are compared with. */
export interface Reference {
  readonly probabilities: Float32Array; // [vocabulary]
  /** Σ p ln p, in nats. */
  readonly negativeEntropy: number;
  /** The most likely token. */
  readonly top: number;
}

/** How far a lens is from the model's own distribution at one position. */
export interface Distance {
  /** KL(final ‖ lens) in nats. */
  readonly kl: number;
  /** Whether both have the same most likely token. */
  readonly agrees: boolean;
}

/** Prepares one row of final logits `[vocabulary]` for many comparisons. */
export function createReference(logits: Float32Array): Reference {
  const mass = logSumExp(logits);
  const probabilities = new Float32Array(logits.length); // [vocabulary]
  let negativeEntropy = 0;
  for (let id = 0; id < logits.length; id += 1) {
    const logP = logits[id]! - mass;
    const p = Math.exp(logP);
    probabilities[id] = p;
    // 0 × −∞ is no part of the sum.
    if (p > 0) negativeEntropy += p * logP;
  }
  return { probabilities, negativeEntropy, top: highestOf(logits) };
}

/** Compares a row of lens logits `[vocabulary]` with it. A broken row gives NaN. */
export function distanceFrom({ probabilities, negativeEntropy, top }: Reference, lens: Float32Array): Distance {
  let expected = 0;
  for (let id = 0; id < lens.length; id += 1) expected += probabilities[id]! * lens[id]!;
  const kl = negativeEntropy - expected + logSumExp(lens);
  // Float32 probabilities can leave the distance of equal rows a hair below 0.
  return { kl: kl < 0 && kl > -1e-3 ? 0 : kl, agrees: highestOf(lens) === top };
}

/** The id with the largest logit, the first of equal ones. */
export function highestOf(logits: Float32Array): number {
  let highest = 0;
  for (let id = 1; id < logits.length; id += 1) if (logits[id]! > logits[highest]!) highest = id;
  return highest;
}
