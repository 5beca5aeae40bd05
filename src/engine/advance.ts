import type { ForwardResult } from "../model/forward.ts";
import { logProbabilities } from "../model/sampler.ts";
import { endRun, type ActiveRun } from "./active-run.ts";
import { judgeRow } from "./judge.ts";
import type { DrawnToken } from "./release-gate.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** One unit of work of one run: a chunk of the prompt, one drawn token, or a chunk of forced tokens. */
export async function advance(parts: WorkerParts, run: ActiveRun): Promise<void> {
  if (run.cursor < run.job.request.prompt.length) await readPrompt(parts, run);
  else await readGenerated(parts, run);
}

/** One forward pass, its time kept by what it reads: the prompt or the reply. */
async function pass(parts: WorkerParts, run: ActiveRun, ids: ArrayLike<number>): Promise<ForwardResult> {
  const began = parts.now();
  const result = await parts.forward.step(run.slot, ids, "last");
  run.times.passMs[run.cursor < run.job.request.prompt.length ? "prefill" : "decode"] += parts.now() - began;
  return result;
}

async function readPrompt(parts: WorkerParts, run: ActiveRun): Promise<void> {
  const { prompt } = run.job.request;
  const chunk = prompt.subarray(run.cursor, run.cursor + parts.prefillChunkTokens);
  const result = await pass(parts, run, chunk);
  for (const [row, token] of chunk.entries()) {
    const position = run.cursor + row;
    // Only judged text is shown to detectors that read text: template and older turns are not.
    const text = run.job.request.judged[position] === 1 ? run.promptText.push(token) : run.promptText.flush();
    await judgeRow(parts, run, { row, position, token, text, result });
    if (run.ended) return;
  }
  run.cursor += chunk.length;
  if (run.cursor < prompt.length) return;
  run.times.promptAt = parts.now();
  run.judgedStates = 1;
  run.emit({ type: "prompt-judged", promptTokens: prompt.length });
  continueReply(parts, run, result);
}

/** Reads what was drawn (one token) or forced (a chunk), judging and releasing position by position. */
async function readGenerated(parts: WorkerParts, run: ActiveRun): Promise<void> {
  const { job } = run;
  const size = (job.verb === "read" ? job.request.chunkTokens : undefined) ?? parts.prefillChunkTokens;
  const chunk = run.generated.slice(run.read, run.read + size);
  const result = await judgeChunk(parts, run, chunk);
  if (!run.ended) continueReply(parts, run, result);
}

/** What left before it was read (hold 0) is read when a run is cut short, too: what fires there goes on record. */
export async function readReleased(parts: WorkerParts, run: ActiveRun): Promise<void> {
  while (!run.ended && run.read < run.gate.released) {
    const end = Math.min(run.gate.released, run.read + parts.prefillChunkTokens);
    await judgeChunk(parts, run, run.generated.slice(run.read, end));
  }
}

type Generated = ActiveRun["generated"];

async function judgeChunk(parts: WorkerParts, run: ActiveRun, chunk: Generated): Promise<ForwardResult> {
  const start = run.read;
  const ids = chunk.map((token) => token.id);
  const result = await pass(parts, run, ids);
  for (const [row, token] of chunk.entries()) {
    const position = run.job.request.prompt.length + start + row;
    await judgeRow(parts, run, { row, position, token: token.id, text: token.text, result });
    if (run.ended) return result;
    run.read += 1;
    run.judgedStates += 1;
    if (row < chunk.length - 1) release(parts, run);
  }
  return result;
}

/** Draws the next token, or closes the reply, and lets go what may leave. */
function continueReply(parts: WorkerParts, run: ActiveRun, result: ForwardResult): void {
  if (run.final === undefined) {
    if (run.job.verb === "read") forceAll(parts, run, run.job.request.forced);
    else draw(parts, run, result);
  }
  // What was drawn last is still read, before it leaves or, with hold 0, after: what fires there goes on record either way.
  const isJudged = run.read === run.generated.length;
  if (run.final !== undefined && isJudged) closeReply(parts, run, run.final);
  else release(parts, run);
}

function draw(parts: WorkerParts, run: ActiveRun, { logits }: ForwardResult): void {
  if (run.job.verb !== "generate" || !run.sampler) return;
  const { topLogprobs } = run.job.request;
  if (run.generated.length >= run.maxTokens) {
    run.final = "length";
    return;
  }
  const id = run.sampler.draw(logits);
  // An end token is judged by the step that produced it; it has no text of its own and is not read.
  if (parts.endIds.has(id)) {
    run.final = "stop";
    return;
  }
  const stopped = push(parts, run, {
    id,
    ...(topLogprobs === undefined ? {} : logProbabilities(logits, id, topLogprobs)),
  });
  if (stopped) run.final = "stop";
  else if (run.generated.length >= run.maxTokens) run.final = "length";
}

function forceAll(parts: WorkerParts, run: ActiveRun, forced: Int32Array): void {
  if (run.generated.length === 0) for (const id of forced) push(parts, run, { id });
  if (run.read === forced.length) run.final = "stop";
}

function push(parts: WorkerParts, run: ActiveRun, token: DrawnToken): boolean {
  run.times.firstAt ??= parts.now();
  const { text, stopped } = run.gate.push(token);
  run.generated.push({ id: token.id, text });
  return stopped;
}

// A token leaves after the step that produced it (hold 0), after its own reading (hold 1), or later.
function release(parts: WorkerParts, run: ActiveRun): void {
  const tokens = run.gate.release(run.judgedStates - run.policy.holdTokens);
  if (tokens.length > 0) run.emit({ type: "tokens-released", tokens });
}

function closeReply(parts: WorkerParts, run: ActiveRun, reason: "stop" | "length"): void {
  const tokens = run.gate.finish();
  if (tokens.length > 0) run.emit({ type: "tokens-released", tokens });
  endRun(parts, run, reason);
}
