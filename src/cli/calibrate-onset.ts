import { ConfigError } from "../errors.ts";
import type { LivePosition, RunEnd } from "../engine/engine.ts";
import type { OnsetResult } from "../evaluation/evaluation.ts";
import { onsetResult, tokenOfCharacter, type OnsetRow } from "../evaluation/onset.ts";
import { readLabelledRows, type DataFile, type LabelledRow, type Onset } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import { encode, endOf } from "./calibrate-replies.ts";
import type { CommandEngine } from "./command-engine.ts";
import { createProgress } from "./progress.ts";

/** Conversations whose last assistant turn has a labelled onset, and the files they came from. */
export interface OnsetRows {
  readonly rows: readonly (LabelledRow & { readonly onset: Onset })[];
  readonly files: readonly DataFile[];
}

/** What leaves past onsets at each threshold. */
export interface OnsetCurves {
  readonly flag: OnsetResult;
  readonly abort: OnsetResult;
  /** Hold that is recommended: by the threshold for aborts, or by that for flags where no onset reaches the first. */
  readonly holdTokens: number;
  readonly reason: string;
}

/** A detector with its thresholds. */
export interface Placed {
  readonly detector: { readonly id: string };
  readonly thresholds: { readonly flag: { threshold: number }; readonly abort: { threshold: number } };
}

/** Reads rows that have an onset; others are passed over. Throws `ConfigError` for one without an assistant's turn, and where none has an onset. */
export async function readOnsetRows(files: readonly string[]): Promise<OnsetRows> {
  const data = await readLabelledRows(files, { fewest: 0, option: "--onset" });
  const rows = data.rows.flatMap((row) => (row.onset === null ? [] : [{ ...row, onset: row.onset }]));
  for (const { content, file, line } of rows) {
    if (content.type === "chat" && content.turns.at(-1)?.role === "assistant") continue;
    const cure = "give it as a conversation that ends with the assistant's turn";
    throw rowError({ file, line }, "the row has an onset, but no reply in which it lies", cure);
  }
  if (rows.length === 0) {
    const cure = 'write the index of a reply\'s token as "onset", or leave --onset out';
    throw new ConfigError([{ file: files.join(", "), message: "no row has an onset", cure }]);
  }
  const counted = data.files.map((each) => ({ ...each, rows: rows.filter(({ file }) => file === each.file).length }));
  return { rows, files: counted };
}

/** Reads every row once for all detectors and draws the curve of leaks over holds for each. */
export async function measureOnsets(
  command: CommandEngine,
  { rows }: OnsetRows,
  placed: readonly Placed[],
): Promise<Map<string, OnsetCurves>> {
  const progress = createProgress("reading onsets");
  const found = placed.map(() => ({ flag: [] as OnsetRow[], abort: [] as OnsetRow[] }));
  for (const [done, row] of rows.entries()) {
    const { end, prompt } = await readRow(command, row);
    const texts = end.generated.map(({ text }) => text);
    const { onset } = row;
    const token = onset.unit === "token" ? onset.index : tokenOfCharacter(texts, onset.index);
    if (token >= texts.length) {
      const message = `the onset is token ${token}, the reply has ${texts.length}`;
      throw rowError(row, message, "write an index within the reply, counted from 0");
    }
    placed.forEach(({ thresholds }, index) => {
      const firedAt = (threshold: number) => firstFiring(end.everyScore ?? [], { index, threshold, prompt });
      found[index]?.flag.push({ onset: token, fired: firedAt(thresholds.flag.threshold) });
      found[index]?.abort.push({ onset: token, fired: firedAt(thresholds.abort.threshold) });
    });
    progress(done + 1, rows.length);
  }
  return new Map(placed.map(({ detector }, index) => [detector.id, curvesOf(found[index] ?? { flag: [], abort: [] })]));
}

async function readRow(command: CommandEngine, row: LabelledRow): Promise<{ end: RunEnd; prompt: number }> {
  const { prompt, forced } = encode(command, row);
  const run = command.engine.read({
    id: `onset-${row.line}`,
    prompt: prompt.ids,
    judged: prompt.judgedAll,
    policy: command.policy,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    forced,
    keepScores: true,
  });
  return { end: await endOf(run, row), prompt: prompt.ids.length };
}

interface Firing {
  readonly index: number;
  readonly threshold: number;
  readonly prompt: number;
}

/** The token of the reply at which the scores first reach the threshold; a prompt that reaches it fires at token 0. */
function firstFiring(positions: readonly LivePosition[], { index, threshold, prompt }: Firing): number | null {
  const first = positions.find(({ scores }) => (scores[index] ?? -Infinity) >= threshold);
  return first === undefined ? null : Math.max(0, first.position - prompt);
}

function curvesOf(rows: { readonly flag: readonly OnsetRow[]; readonly abort: readonly OnsetRow[] }): OnsetCurves {
  const [flag, abort] = [onsetResult(rows.flag), onsetResult(rows.abort)];
  const chosen = abort.delays.length > 0 ? abort : flag;
  return { flag, abort, holdTokens: chosen.recommendedHold, reason: chosen.reason };
}
