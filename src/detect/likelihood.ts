import { z } from "zod";
import { withCure } from "../schema-problem.ts";

/** Strict schema of a calibration's `likelihood`. */
export const likelihoodSchema = z
  .strictObject({ scores: z.array(z.number()).min(1).max(1000), log_ratios: z.array(z.number()).min(1).max(1000) })
  .refine(({ scores, log_ratios: ratios }) => scores.length === ratios.length, {
    path: ["log_ratios"],
    error: withCure("scores and log_ratios differ in length", "write one log ratio for each score"),
  })
  .refine(({ scores }) => scores.every((score, index) => index === 0 || score > (scores[index - 1] ?? score)), {
    path: ["scores"],
    error: withCure("the scores are not in ascending order", "sort them, each once"),
  });

/** How much likelier each score is where the concept is there than where it is not: natural logarithms by ascending score. `[points]` both. */
export type Likelihood = z.infer<typeof likelihoodSchema>;

/** The log ratio at a score: between two points in proportion, beyond the ends that of the end. NaN for a score that is none. */
export function logRatioAt({ scores, log_ratios: ratios }: Likelihood, score: number): number {
  if (Number.isNaN(score)) return Number.NaN;
  let low = 0;
  let high = scores.length - 1;
  if (score <= (scores[low] ?? 0)) return ratios[low] ?? Number.NaN;
  if (score >= (scores[high] ?? 0)) return ratios[high] ?? Number.NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((scores[middle] ?? 0) <= score) low = middle;
    else high = middle;
  }
  const [from = 0, to = 0] = [scores[low], scores[high]];
  const [below = 0, above = 0] = [ratios[low], ratios[high]];
  return below + ((score - from) / (to - from)) * (above - below);
}
