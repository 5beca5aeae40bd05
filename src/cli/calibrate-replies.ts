import type { DetectorScore } from "../detect/finding.ts";
import { bindingOf } from "../engine/open-engine.ts";
import type { Run, RunEnd } from "../engine/engine.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import { openScoreCache, scoreKey, type ScoreCache } from "../evaluation/score-cache.ts";
import { encodeRow, type EncodedRow } from "../training/encoded-row.ts";
import { rowError, type RowContent } from "../training/row-content.ts";
import type { CommandEngine } from "./command-engine.ts";
import { encodeAt, LONG_ROW_CURE } from "./observed-read.ts";

/** A row to judge, with the place that errors name. */
export interface ReplyRow {
  readonly key: string;
  readonly content: RowContent;
  readonly file: string;
  readonly line: number;
}

/** How replies come about, and where their scores are kept. */
export interface ReplyOptions {
  readonly replyTokens: number;
  readonly scoresFolder: string;
  /** For so many rows, those first in the list that the model answers, the reply is also read again as `scan` would. */
  readonly compared: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** One detector's largest scores. `live[n]` belongs to row n; `scan[n]` to the nth compared row, `compared[n]` is its index. */
export interface ReplyScores {
  readonly live: readonly (number | null)[];
  readonly scan: readonly (number | null)[];
  readonly compared: readonly number[];
}

interface Caches {
  readonly detector: string;
  readonly live: ScoreCache;
  readonly scan: ScoreCache;
}

/**
 * Judges the rows as a gateway would, all detectors in one pass: what ends with a user's turn is answered token by token, a text in the chat
 * template, and what ends with the assistant's turn is read. Scores that are kept are not made again. Throws `ConfigError` with the row's place
 * for a row that does not fit and for a detector that broke.
 */
export async function judgeReplies(
  command: CommandEngine,
  rows: readonly ReplyRow[],
  options: ReplyOptions,
): Promise<Map<string, ReplyScores>> {
  const caches = openCaches(command, options);
  try {
    const compared = rows.flatMap((row, index) => (isAnswered(row.content) ? [index] : [])).slice(0, options.compared);
    const again = new Set(compared);
    const open = rows.flatMap((row, index) => {
      const needs = { scan: again.has(index) && lacks(caches, "scan", row), live: lacks(caches, "live", row) };
      return needs.scan || needs.live ? [{ row, scan: again.has(index) }] : [];
    });
    // What does not fit is found before hours of work, not after.
    for (const { row } of open) encode(command, row);
    for (const [done, { row, scan }] of open.entries()) {
      options.onProgress(done, open.length);
      await judgeRow(command, row, { scan, caches, replyTokens: options.replyTokens });
    }
    if (open.length > 0) options.onProgress(open.length, open.length);
    const scoresOf = (cache: ScoreCache, indexes: readonly number[]) =>
      indexes.map((index) => cache.get(rows[index]?.key ?? "") ?? null);
    const every = rows.map((_, index) => index);
    return new Map(
      caches.map(({ detector, live, scan }) => [
        detector,
        { live: scoresOf(live, every), scan: scoresOf(scan, compared), compared },
      ]),
    );
  } finally {
    for (const { live, scan } of caches) [live, scan].forEach((cache) => cache.close());
  }
}

/** A row as the engine takes it: a text as a user's message, or as it stands where the model has no chat template. Throws `ConfigError` for one that does not fit. */
export function encode({ model, config }: CommandEngine, { content, file, line }: Omit<ReplyRow, "key">): EncodedRow {
  const { contextTokens } = config.engine;
  const place = { file, line };
  const form = model.chatTemplateSha256 === null ? "raw" : "chat";
  const encoded = encodeAt(() => encodeRow(model.prompts, content, form), place);
  const length = encoded.prompt.ids.length + encoded.forced.length;
  // One place is left for what the model writes.
  const room = isAnswered(content) ? contextTokens - 1 : contextTokens;
  if (length <= room) return encoded;
  throw rowError(place, `the row has ${length} tokens, there is room for ${room}`, LONG_ROW_CURE);
}

/** Waits for a run of a row to end by itself, with a score of every detector. Throws `ConfigError` with the row's place where it does not. */
export async function endOf(run: Run, { file, line }: { file: string; line: number }): Promise<RunEnd> {
  const { end } = await runToEnd(run);
  const broken = end.scores.find(({ error }) => error !== null);
  if (broken) {
    const message = `the detector "${broken.detector}" broke on this row: ${broken.error}`;
    throw rowError({ file, line }, message, "mend the detector: a broken one has no false-alarm rate");
  }
  if (end.reason === "stop" || end.reason === "length") return end;
  throw rowError(
    { file, line },
    `the row could not be judged (${end.reason})`,
    "run the command again, or scan the row",
  );
}

/** Whether the model answers a row; what ends with the assistant's turn is read instead. */
export function isAnswered(content: RowContent): boolean {
  return content.type === "text" || content.turns.at(-1)?.role !== "assistant";
}

function openCaches({ detectors, model }: CommandEngine, { scoresFolder, replyTokens }: ReplyOptions): Caches[] {
  const { contextTokens } = model.facts;
  return detectors.map((detector) => {
    const open = (path: "live" | "scan") =>
      openScoreCache(scoresFolder, scoreKey(detector, bindingOf(model), { path, replyTokens, contextTokens }));
    return { detector: detector.id, live: open("live"), scan: open("scan") };
  });
}

function lacks(caches: readonly Caches[], path: "live" | "scan", row: ReplyRow): boolean {
  return caches.some((cache) => cache[path].get(row.key) === undefined);
}

interface Judging {
  readonly scan: boolean;
  readonly caches: readonly Caches[];
  readonly replyTokens: number;
}

async function judgeRow(command: CommandEngine, row: ReplyRow, { scan, caches, replyTokens }: Judging): Promise<void> {
  const { engine } = command;
  const { prompt, forced } = encode(command, row);
  const request = {
    id: `calibrate-${row.key.slice(0, 16)}`,
    prompt: prompt.ids,
    judged: prompt.judgedAll,
    policy: command.policy,
    deadlineMs: Number.MAX_SAFE_INTEGER,
  };
  const run = isAnswered(row.content)
    ? engine.generate({
        ...request,
        maxTokens: replyTokens,
        stop: [],
        sampling: { temperature: 0, topP: 1, topK: 0, seed: 0 },
      })
    : engine.read({ ...request, forced });
  const live = await endOf(run, row);
  keep(caches, "live", { row, scores: live.scores });
  if (!scan) return;
  const written = Int32Array.from(live.generated, ({ id }) => id); // [written]
  const read = await endOf(engine.read({ ...request, forced: written }), row);
  keep(caches, "scan", { row, scores: read.scores });
}

function keep(
  caches: readonly Caches[],
  path: "live" | "scan",
  { row, scores }: { row: ReplyRow; scores: readonly DetectorScore[] },
): void {
  for (const cache of caches) {
    if (cache[path].get(row.key) !== undefined) continue;
    const found = scores.find(({ detector }) => detector === cache.detector);
    cache[path].add(row.key, found?.score ?? null);
  }
}
