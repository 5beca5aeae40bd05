import { isProbeRead, type ConceptRead, type ProbeRead, type Read } from "../lens/reading.ts";
import { formatTap, type Tap } from "../lens/tap.ts";
import type { ModelContext } from "./kinds/kind.ts";

/** Throws an `Error` for the first read that this model cannot give, by its number. */
export function checkReads(reads: readonly Read[], context: ModelContext): void {
  for (const [index, read] of reads.entries()) {
    const fault = isProbeRead(read) ? findProbeFault(read, context) : findConceptFault(read, context);
    if (fault !== undefined) throw new Error(`read ${index} ${fault}`);
  }
}

function findConceptFault({ tap, tokens, lens = "logit" }: ConceptRead, context: ModelContext): string | undefined {
  if (!context.lenses.includes(lens)) {
    return `is through the lens ${lens}, but there is only ${context.lenses.join(", ")}`;
  }
  if (tokens.length === 0) return "has no token";
  if (new Set(tokens).size !== tokens.length) return "has a token twice";
  if (tokens.some((token) => !Number.isInteger(token) || token < 0)) return "has a token that is no id";
  return findTapFault([tap], context);
}

function findProbeFault({ taps, directions, bias }: ProbeRead, context: ModelContext): string | undefined {
  if (taps.length === 0) return "has no tap";
  if (new Set(taps.map(formatTap)).size !== taps.length) return "has a tap twice";
  const fault = findTapFault(taps, context);
  if (fault !== undefined) return fault;
  const numbers = taps.length * context.hidden;
  if (!(directions instanceof Float32Array) || directions.length !== numbers) {
    return `has ${directions.length} numbers of direction, but ${taps.length} × ${context.hidden} are needed`;
  }
  const broken = directions.findIndex((each) => !Number.isFinite(each));
  if (broken >= 0) return `has a direction that is ${directions[broken]} at ${broken}`;
  return Number.isFinite(bias) ? undefined : `has the bias ${bias}`;
}

function findTapFault(taps: readonly Tap[], { layers }: ModelContext): string | undefined {
  const outside = taps.find(({ layer }) => !Number.isInteger(layer) || layer < 0 || layer >= layers);
  return outside && `is at layer ${outside.layer}, but the model has layers 0 to ${layers - 1}`;
}
