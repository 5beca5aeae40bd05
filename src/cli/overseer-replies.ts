import type { Policy } from "../decide/policy.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import type { EncodedPrompt } from "../model/prompt.ts";
import type { LabelledRow } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import { encode, endOf, isAnswered } from "./calibrate-replies.ts";
import { startCommandEngine, type CommandEngine } from "./command-engine.ts";
import { readAhead } from "./observed-read.ts";

/** A row with its finished reply: the row's own, or what the model wrote to it. */
export interface FinishedReply {
  readonly row: LabelledRow;
  readonly prompt: EncodedPrompt;
  readonly tokens: Int32Array; // [tokens]
  readonly text: string;
  /** The largest score of each detector over prompt and reply, by id. */
  readonly scores: ReadonlyMap<string, number>;
}

type OnProgress = (done: number, total: number) => void;

/** How replies are stopped: each detector's threshold, by id, and how many steps a token waits. */
export interface Stopping {
  readonly thresholds: ReadonlyMap<string, number>;
  readonly holdTokens: number;
  readonly onProgress: OnProgress;
}

/**
 * Judges every row as the gateway would, token by token, and stops nothing: what ends with a user's turn is answered greedily, what ends with the
 * assistant's turn is read. Throws `ConfigError` with the row's place for one that does not fit, and for a detector that breaks or says nothing.
 */
export async function finishReplies(
  command: CommandEngine,
  rows: readonly LabelledRow[],
  { replyTokens, onProgress }: { readonly replyTokens: number; readonly onProgress: OnProgress },
): Promise<FinishedReply[]> {
  // What does not fit is found before the first row is read.
  const items = rows.map((row, index) => ({ row, index, encoded: encode(command, row) }));
  const replies: FinishedReply[] = [];
  const reading = readAhead(items, async ({ row, index, encoded: { prompt, forced } }): Promise<FinishedReply> => {
    const request = {
      id: `overseer-${index}`,
      prompt: prompt.ids,
      judged: prompt.judgedAll,
      policy: command.policy,
      deadlineMs: Number.MAX_SAFE_INTEGER,
    };
    const sampling = { temperature: 0, topP: 1, topK: 0, seed: 0 };
    const run = isAnswered(row.content)
      ? command.engine.generate({ ...request, maxTokens: replyTokens, stop: [], sampling })
      : command.engine.read({ ...request, forced, chunkTokens: 1 });
    const { generated, scores } = await endOf(run, row);
    return {
      row,
      prompt,
      tokens: Int32Array.from(generated, ({ id }) => id),
      text: generated.map(({ text }) => text).join(""),
      scores: new Map(scores.map(({ detector, score }) => [detector, score ?? silent(row, detector)])),
    };
  });
  for await (const reply of reading) {
    replies.push(reply);
    onProgress(replies.length, rows.length);
  }
  return replies;
}

/**
 * Reads replies again, token by token, each detector under a policy of its own that stops at its threshold. For every detector, in the order of the
 * replies: how many tokens had left by then, null where it does not stop.
 */
export async function stopReplies(
  parts: Pick<CommandEngine, "config" | "model" | "detectors">,
  replies: readonly FinishedReply[],
  { thresholds, holdTokens, onProgress }: Stopping,
): Promise<Map<string, (number | null)[]>> {
  const detectors = parts.detectors.map((detector) => {
    const threshold = thresholds.get(detector.id) ?? detector.abortThreshold;
    return { ...detector, threshold, abortThreshold: threshold };
  });
  const policies = Object.fromEntries(detectors.map(({ id }) => [id, stoppingPolicy(id, holdTokens)]));
  const engine = await startCommandEngine({ ...parts, detectors, policies });
  const left = new Map(detectors.map(({ id }) => [id, [] as (number | null)[]]));
  try {
    for (const [index, reply] of replies.entries()) {
      for (const { id, threshold } of detectors) {
        const fires = (reply.scores.get(id) ?? NaN) >= threshold;
        const policy = policies[id] ?? stoppingPolicy(id, holdTokens);
        left.get(id)?.push(fires ? await stopReply(engine, reply, { id: `stop-${index}-${id}`, policy }) : null);
      }
      onProgress(index + 1, replies.length);
    }
  } finally {
    await engine.close();
  }
  return left;
}

/** How many tokens had left when the policy stopped a reply. Throws `ConfigError` with the row's place where it did not. */
async function stopReply(
  engine: Pick<CommandEngine["engine"], "read">,
  { row, prompt, tokens: forced }: FinishedReply,
  as: { readonly id: string; readonly policy: Policy },
): Promise<number> {
  const request = { ...as, prompt: prompt.ids, judged: prompt.judgedAll, forced, chunkTokens: 1 };
  const { end } = await runToEnd(engine.read({ ...request, deadlineMs: Number.MAX_SAFE_INTEGER }));
  if (end.reason === "abort") return end.releasedTokens;
  const message = `${as.policy.name} reached its threshold on this row and did not stop it (${end.reason})`;
  throw rowError(row, message, "run the command again, or leave the row out");
}

function stoppingPolicy(id: string, holdTokens: number): Policy {
  return {
    name: id,
    mode: "enforce",
    holdTokens,
    onAbort: "finish",
    promptScope: "all",
    detectors: { [id]: { action: "abort", onError: "closed" } },
  };
}

function silent(row: LabelledRow, detector: string): never {
  const message = `the detector ${detector} judges no position of this row`;
  throw rowError(row, message, "take the row out, or change the definition's positions");
}
