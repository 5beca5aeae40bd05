import { createHash } from "node:crypto";
import { z } from "zod";
import { isFlood, type ReviewQueue } from "../queue/queue.ts";
import { VERDICTS, type DecisionStore, type ReviewDecision, type TraceStore } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";
import { rowError, type FileRow } from "../training/row-content.ts";
import { createVerdictReader, outcomesOf, type Outcome } from "./verdict-record.ts";

/** Where verdicts and texts are read. */
export interface ExportParts {
  readonly traces: Pick<TraceStore, "get">;
  readonly decisions: Pick<DecisionStore, "page">;
  readonly queue: Pick<ReviewQueue, "get" | "members">;
}

/** Which verdicts to export: of one detector, and also those that are no label (unsure, escalated). */
export interface ExportOptions {
  readonly detector?: string | undefined;
  readonly all?: boolean | undefined;
}

/** Lines of JSON, and what was left out. */
export interface VerdictExport {
  readonly rows: readonly object[];
  /** Traces that are not here; rows whose text has the other label in a later verdict. */
  readonly missing: number;
  readonly contradicted: number;
}

/**
 * The verdicts that stand as rows that `detectors train` reads: the conversation with the reply, label 1 for a true positive and 0 for a false one, and rows of
 * one prompt in one group. A sampled reply that is a true positive is a miss, label 1. Traces that joined an item because they are alike follow it with its
 * verdict, each text once. Newest last.
 */
export async function exportVerdicts(
  parts: ExportParts,
  { detector, all = false }: ExportOptions,
): Promise<VerdictExport> {
  const outcomes = [...outcomesOf(await createVerdictReader(parts.decisions)()).values()]
    .filter(({ decision }) => detector === undefined || decision.detector === detector)
    .filter(({ answer }) => all || labelOf(answer) !== null)
    .sort((left, right) => right.decision.decidedAt - left.decision.decidedAt);
  const labels = new Map<string, 0 | 1 | null>();
  const rows: object[] = [];
  let [missing, contradicted] = [0, 0];
  for (const outcome of outcomes) {
    for (const traceId of await tracesOf(parts, outcome.decision.traceId)) {
      const isCarried = traceId !== outcome.decision.traceId;
      const trace = await parts.traces.get(traceId);
      if (trace === undefined) {
        missing += isCarried ? 0 : 1;
        continue;
      }
      const row = rowOf(trace, outcome);
      // A text with both labels is refused by training: the newest verdict on it counts.
      const key = JSON.stringify([
        outcome.decision.detector,
        "text" in row.content ? row.content.text : row.content.messages,
      ]);
      const label = labels.get(key);
      const differs = label !== undefined && label !== row.label;
      // A copy of a text would count the one verdict twice.
      const isCopy = isCarried && label !== undefined;
      if (differs && !all && !isCarried) contradicted += 1;
      else if (!isCopy) rows.push({ ...row.columns, ...row.content });
      if (label === undefined) labels.set(key, row.label);
    }
  }
  return { rows: rows.reverse(), missing, contradicted };
}

/** How many traces of one item are exported. */
const MOST_MEMBERS = 1_000;

/** The trace that was judged, and those that are alike to it. */
async function tracesOf({ queue }: ExportParts, traceId: string): Promise<string[]> {
  const item = await queue.get(traceId);
  if (item === undefined || isFlood(item) || item.count < 2) return [traceId];
  const members = await queue.members(traceId, MOST_MEMBERS);
  return [traceId, ...members.filter((each) => each !== traceId)];
}

function labelOf(answer: Outcome["answer"]): 0 | 1 | null {
  if (answer === "positive") return 1;
  return answer === "negative" ? 0 : null;
}

function rowOf(trace: Trace, { decision, answer }: Outcome) {
  const { head, end, evidence, sample } = trace;
  const reply = (end?.generated ?? evidence.at(-1)?.generated ?? []).map(({ text }) => text).join("");
  const prompt = head.conversation.map(({ content }) => content).join("");
  const isText = head.conversation.some(({ role }) => role === "prompt");
  const messages = [...head.conversation, ...(reply === "" ? [] : [{ role: "assistant", content: reply }])];
  const label = labelOf(answer);
  const columns = {
    id: head.id,
    ...(label === null ? {} : { label }),
    group: createHash("sha256").update(JSON.stringify(head.conversation)).digest("hex").slice(0, 16),
    detector: decision.detector,
    verdict: decision.verdict,
    reviewer: decision.reviewer,
    decided_at: decision.decidedAt,
    decision_id: decision.id,
    stage: decision.stage,
    blind: decision.blind,
    note: decision.note,
    model: head.model.name,
    sample: sample === null ? null : { stratum: sample.stratum, probability: sample.probability },
    ...(head.id === decision.traceId ? {} : { item: decision.traceId }),
  };
  return { label, columns, content: isText ? { text: prompt + reply } : { messages } };
}

const columnsSchema = z.object({
  id: z.string().regex(/^tr_[0-9a-f]{32}$/, "must be the id of a trace, tr_ and 32 hex digits"),
  detector: z.string().min(1).optional(),
  verdict: z.enum(VERDICTS).optional(),
  label: z.union([z.literal(0), z.literal(1)]).optional(),
  reviewer: z.string().trim().min(1).max(100).optional(),
  decided_at: z.int().min(0).optional(),
  decision_id: z
    .string()
    .regex(/^de_[0-9a-f]{32}$/)
    .optional(),
  stage: z.enum(["first", "second", "escalated"]).optional(),
  blind: z.boolean().optional(),
  note: z.string().max(10_000).optional(),
  item: z.string().optional(),
});

/** What an import writes to, who decided where a row does not say, and when. */
export interface ImportParts {
  readonly traces: Pick<TraceStore, "get">;
  readonly decisions: Pick<DecisionStore, "add" | "list">;
  readonly queue: Pick<ReviewQueue, "get" | "claim" | "decide">;
  readonly reviewer: string;
  readonly now: number;
}

/** How many rows became verdicts, were verdicts already (or carry that of another row), had a later verdict here, or belong to traces that are not here. */
export interface ImportCount {
  added: number;
  known: number;
  older: number;
  unknown: number;
}

/** Takes verdicts in: a row names the trace, and has a verdict or a label. The same rows a second time change nothing. Throws `ConfigError` with file and line for a bad row. */
export async function importVerdicts(
  parts: ImportParts,
  file: string,
  rows: AsyncIterable<FileRow>,
): Promise<ImportCount> {
  const count: ImportCount = { added: 0, known: 0, older: 0, unknown: 0 };
  for await (const row of rows) count[await importRow(parts, { file, line: row.line }, row)] += 1;
  return count;
}

async function importRow(
  parts: ImportParts,
  place: { readonly file: string; readonly line: number },
  row: FileRow,
): Promise<keyof ImportCount> {
  const parsed = columnsSchema.safeParse(row.columns);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw rowError(place, `"${issue?.path.join(".")}": ${issue?.message}`, "write rows as lensgate review export does");
  }
  const { data } = parsed;
  // The verdict is one on the item, whose own row brings it.
  if (data.item !== undefined && data.item !== data.id) return "known";
  const verdict =
    data.verdict ?? (data.label === undefined ? undefined : data.label === 1 ? "true_positive" : "false_positive");
  if (verdict === undefined) throw rowError(place, "the row has no verdict and no label", 'write "verdict" or "label"');
  const trace = await parts.traces.get(data.id);
  const item = await parts.queue.get(data.id);
  const detector = data.detector ?? item?.detector ?? trace?.sample?.detector ?? trace?.evidence[0]?.finding.detector;
  if (trace === undefined || detector === undefined) return "unknown";
  const reviewer = data.reviewer ?? parts.reviewer;
  const decidedAt = data.decided_at ?? parts.now;
  const { stage = "first", blind = false, note = "" } = data;
  const words = { traceId: data.id, detector, verdict, reviewer, stage, note, decidedAt: data.decided_at ?? null };
  const id = data.decision_id ?? `de_${createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 32)}`;
  const earlier = await parts.decisions.list(data.id);
  if (earlier.some((decision) => decision.id === id)) return "known";
  if (earlier.some((decision) => decision.decidedAt > decidedAt)) return "older";
  const next = verdict === "escalate" ? "escalated" : "decided";
  await add(parts, { id, traceId: data.id, verdict, reviewer, note, decidedAt, detector, stage, blind, next });
  return "added";
}

/** The verdict first, then the queue, where its item still waits for anyone; an escalation is left for a lead to find. */
async function add({ decisions, queue }: ImportParts, decision: ReviewDecision): Promise<void> {
  const { traceId, reviewer, verdict } = decision;
  await decisions.add(decision);
  if (verdict === "escalate" || (await queue.get(traceId))?.state !== "waiting") return;
  const claim = await queue.claim({ reviewer, leaseMs: 60_000, traceId });
  if (claim !== undefined) await queue.decide(traceId, claim.token);
}
