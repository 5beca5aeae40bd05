import { createHash } from "node:crypto";
import { z } from "zod";
import type { ProbeRead, Reading } from "../../lens/reading.ts";
import { parseTap } from "../../lens/tap.ts";
import type { NamedShare } from "../finding.ts";
import { checkProbe, decodeProbe, ProbeFileError, type Probe } from "../probe-file.ts";
import { OptionError, type Kind, type RawScore, type ResolveContext, type Resolution } from "./kind.ts";

const schema = z.strictObject({
  /** A safetensors file, named relative to the definition. */
  file: z.string().min(1),
});

/** Options of the kind `probe`, as the schema leaves them. */
export type ProbeOptions = z.output<typeof schema>;

/** What the worker needs of a probe besides its read: plain data. */
export interface ProbeResolved {
  readonly taps: readonly string[];
  /** Of the file, 64 hex digits. */
  readonly sha256: string;
}

const NAMES_REPORTED = 3;

/** A trained direction in the activations of one or several taps: bias + Σ over taps of direction · row / rms(row). */
export const probeKind: Kind<ProbeOptions, ProbeResolved> = {
  name: "probe",
  schema,
  resolve: resolveProbe,
  start: ({ taps }) => ({ score: (step) => new ProbeScore(taps, step.reading(0)) }),
};

function resolveProbe({ file }: ProbeOptions, context: ResolveContext): Resolution<ProbeResolved> {
  const bytes = readFile(file, context);
  const { taps, directions, bias } = readProbe(file, bytes, context);
  const read: ProbeRead = { taps: taps.map((tap) => parseTap(tap, context.layers)), directions, bias };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { reads: [read], resolved: { taps, sha256 }, notes: [`reads ${taps.join(", ")} from ${file}`] };
}

function readFile(file: string, context: ResolveContext): Uint8Array {
  try {
    return context.readBytes(file);
  } catch (error) {
    const cure = "name a safetensors file relative to the definition, in its folder or below";
    throw new OptionError(["file"], error instanceof Error ? error.message : String(error), cure);
  }
}

function readProbe(file: string, bytes: Uint8Array, context: ResolveContext): Probe {
  try {
    const probe = decodeProbe(bytes);
    checkProbe(probe, context);
    return probe;
  } catch (error) {
    if (!(error instanceof ProbeFileError)) throw error;
    throw new OptionError(["file"], `${file}: ${error.message}`, error.cure);
  }
}

// A class, since a getter of an object literal takes longer to make than the score.
class ProbeScore implements RawScore {
  readonly score: number;
  readonly tap: string;
  private readonly taps: readonly string[];
  private readonly reading: Reading;

  constructor(taps: readonly string[], reading: Reading) {
    this.score = reading.logOdds;
    this.taps = taps;
    this.reading = reading;
    this.tap = taps[taps.length === 1 ? 0 : strongestOf(reading.logits)] ?? "";
  }

  /** The taps that add most, with their share of all that is added; what takes away is left out. */
  get names(): NamedShare[] {
    const added = this.reading.logits.map((part) => Math.max(0, part)); // [taps]
    const total = added.reduce((sum, part) => sum + part, 0);
    return this.taps
      .map((name, index) => ({ name, share: (added[index] ?? 0) / total }))
      .filter(({ share }) => share > 0)
      .sort((left, right) => right.share - left.share)
      .slice(0, NAMES_REPORTED);
  }
}

function strongestOf(parts: Float32Array): number {
  return parts.indexOf(Math.max(...parts));
}
