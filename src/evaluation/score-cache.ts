import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bindingFor, type LiveBinding } from "../detect/calibration.ts";
import { canonicalJson } from "../detect/canonical-json.ts";
import type { LoadedDetector } from "../detect/loader.ts";

/** How replies were read: with the tokens written one by one, or read again in chunks; and how many were written at most. */
export interface ScorePath {
  readonly path: "live" | "scan";
  readonly replyTokens: number;
  readonly contextTokens: number;
}

/** One detector's largest score over each reply, by the key of the row; null where it judged no position. */
export interface ScoreCache {
  get(row: string): number | null | undefined;
  /** Keeps a score on disk at once. */
  add(row: string, score: number | null): void;
  close(): void;
}

const lineSchema = z.strictObject({ row: z.string(), score: z.number().nullable() });
const NEWLINE = 0x0a;

/** What scores depend on, as 32 hex digits: everything that the detector reads and does, but not its thresholds. */
export function scoreKey(detector: LoadedDetector, binding: LiveBinding, path: ScorePath): string {
  const { kind, positions, aggregate, reads, resolved } = detector;
  const parts = { ...path, ...bindingFor(reads, binding), kind, positions, aggregate, reads, resolved };
  return createHash("sha256").update(canonicalJson(parts)).digest("hex").slice(0, 32);
}

/** Opens the scores under a key, new or as they were left: a line that was cut short is passed over. */
export function openScoreCache(folder: string, key: string): ScoreCache {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${key}.jsonl`);
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const scores = new Map<string, number | null>();
  for (const line of bytes.toString("utf8").split("\n")) {
    const parsed = parseLine(line);
    if (parsed) scores.set(parsed.row, parsed.score);
  }
  const output = openSync(file, "a", 0o600);
  if (bytes.length > 0 && bytes.at(-1) !== NEWLINE) writeSync(output, "\n");
  return {
    get: (row) => scores.get(row),
    add(row, score) {
      scores.set(row, score);
      writeSync(output, `${JSON.stringify({ row, score })}\n`);
    },
    close: () => closeSync(output),
  };
}

function parseLine(line: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
