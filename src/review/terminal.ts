import { joinReason, type QueuedItem } from "../queue/queue.ts";
import type { ReviewDecision } from "../trace/stores.ts";
import type { Firing, TraceView } from "./evidence.ts";
import type { FoundDetector, FoundItem, FoundRun } from "./found-run.ts";
import type { FoundRequest } from "./request-finder.ts";
import { visibleText } from "../visible-text.ts";

const SHADES = "▁▂▃▄▅▆▇█";

/** The item of a run, with the verdict and for whom it is one. */
function formatItem({ traceId, state, joined, verdict }: FoundItem): string {
  const said = verdict === null ? state : `${state}, ${verdict}`;
  return `review item ${traceId} ${said}${joined === null ? "" : ` (${WHY[joined]})`}`;
}

/** What the verdict on an item is to a trace that joined it. */
const WHY = {
  alike: "joined as alike: its verdict counts here, too",
  flood: "joined as one too many: its verdict is about another text",
} as const;

/** One line an item: what to look at first stands on top. No text of a model reaches the terminal unescaped. */
export function formatItems(items: readonly QueuedItem[], now: number): string {
  if (items.length === 0) return "nothing to review";
  const lines = items.map((item) => {
    const score = item.score === null ? "failed" : `${item.score.toFixed(2)} ≥ ${item.threshold?.toFixed(2) ?? "?"}`;
    const minutes = Math.max(0, Math.round((now - item.createdAt) / 60_000));
    const holder = item.claimedBy === null ? "" : ` (${line(item.claimedBy)})`;
    return [
      item.traceId,
      item.action.padEnd(11),
      line(item.detector),
      score,
      `${minutes} min`,
      item.state + holder,
    ].join("  ");
  });
  return lines.join("\n");
}

/** A whole trace: conversation, reply with the point where it was stopped, and why. */
export function formatTrace(
  view: TraceView,
  item: QueuedItem | undefined,
  decisions: readonly ReviewDecision[],
): string {
  const { head, reply } = view;
  const text = (released: boolean) =>
    block(
      reply.tokens
        .filter((token) => token.released === released)
        .map((token) => token.text)
        .join(""),
    );
  const unsent = reply.tokens.length - reply.released;
  const queue =
    item === undefined
      ? "not queued"
      : item.claimedBy === null
        ? item.state
        : `${item.state} by ${line(item.claimedBy)}`;
  const why = item === undefined ? null : joinReason(item, head.id);
  const sections = [
    `${head.id}  ${view.state}, ${queue}`,
    `policy ${line(head.policy)} (${head.mode}), model ${line(head.model.name)}, ${new Date(head.createdAt).toISOString()}`,
    ...head.conversation.map((turn) => `\n${line(turn.role)}:\n${block(turn.content)}`),
    `\nreply, ${tokens(reply.released)} released${reply.certain ? "" : " at the last finding"}:\n${text(true)}`,
    ...(unsent > 0 ? [`\n--- ${reply.unsent} here, ${tokens(unsent)} never sent ---\n${text(false)}`] : []),
    ...view.firings.map(formatFiring),
    ...(item === undefined || why === null ? [] : [`\nin review item ${item.traceId} (${WHY[why]})`]),
    ...decisions.map(
      (decision) =>
        `\nverdict ${decision.verdict} by ${line(decision.reviewer)}${decision.note === "" ? "" : `:\n${block(decision.note)}`}`,
    ),
  ];
  return sections.join("\n");
}

/** Every run of a request, newest first. */
export function formatRuns({ runs, gateway, more }: FoundRequest): string {
  const rest = more ? [`the newest ${runs.length}; there are more`] : [];
  return [...runs.map((run) => formatRun(run, gateway)), ...rest].join("\n\n");
}

function formatRun(run: FoundRun, here: string): string {
  const at = run.endedAt ?? run.startedAt;
  const { prompt, generated, released } = run.tokens;
  const whose =
    run.gateway === null ? undefined : run.gateway === here ? "this gateway" : `gateway ${line(run.gateway)}`;
  const named = (name: string, value: string | number | null) =>
    value === null ? undefined : `${name} ${line(String(value))}`;
  const listed = (parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(", ");
  const facts = [named("request", run.requestId), named("policy", run.policy), named("model", run.model), whose];
  const end = [
    named("ended", run.ending?.replaceAll("_", " ") ?? null),
    named("action", run.action),
    named("prompt tokens", prompt),
    named("generated", generated),
    named("released", released),
  ];
  const item = run.item === null ? "no review item" : formatItem(run.item);
  const flagged = run.flagged === null ? undefined : run.flagged ? "flagged" : "not flagged";
  return [
    [run.traceId ?? "no trace id", at === null ? undefined : new Date(at).toISOString(), flagged]
      .filter((part) => part !== undefined)
      .join("  "),
    listed(facts),
    listed(end),
    ...run.detectors.map(formatDetector),
    `trace: ${run.record}; ${item}`,
  ]
    .filter((text) => text !== "")
    .join("\n  ");
}

function formatDetector({ detector, verdict, score, position, action }: FoundDetector): string {
  const where = position === null ? "" : ` at position ${position}`;
  const largest = score === null ? "" : `, largest score ${score.toFixed(2)}${where}`;
  return `${line(detector)}: ${verdict.replaceAll("_", " ")}${largest}${action === null ? "" : `, ${action}`}`;
}

function formatFiring(firing: Firing): string {
  const where = [firing.tap ?? undefined, firing.phase ?? undefined, `position ${firing.position}`]
    .filter((part) => part !== undefined)
    .join(", ");
  const score =
    firing.error === null
      ? `score ${firing.score?.toFixed(2) ?? "?"}, threshold ${firing.threshold?.toFixed(2) ?? "?"}`
      : line(firing.error);
  const shares = (rows: readonly (readonly [string, number])[]) =>
    rows.map(([name, share]) => `${line(name)} ${(share * 100).toFixed(1)} %`).join(", ");
  return [
    `\n${line(firing.detector)}: ${firing.action}, ${line(where)}, token "${line(firing.token ?? "")}", ${score}`,
    ...[
      { title: "in mind", named: firing.names },
      { title: "by tap", named: firing.taps },
    ]
      .filter(({ named }) => named.length > 0)
      .map(({ title, named }) => `  ${title}: ${shares(named.map(({ name, share }) => [name, share]))}`),
    ...firing.lens.map(
      ({ tap, top }) => `  lens at ${line(tap)}: ${shares(top.map(({ text, probability }) => [text, probability]))}`,
    ),
    ...firing.strip.rows.map(
      (row) => `  ${row.scores.map((score) => shade(score, row.low, row.high)).join("")}  ${line(row.detector)}`,
    ),
  ].join("\n");
}

function shade(score: number | null, low: number, high: number): string {
  if (score === null) return "·";
  const share = Math.min(1, Math.max(0, (score - low) / (high - low)));
  return SHADES[Math.round(share * (SHADES.length - 1))] ?? "·";
}

function tokens(amount: number): string {
  return amount === 1 ? "1 token" : `${amount} tokens`;
}

function line(text: string): string {
  return visibleText(text, true);
}

/** Indented, so that no line of a model can pass for one of ours. */
function block(text: string): string {
  return visibleText(text)
    .split("\n")
    .map((one) => `  ${one}`)
    .join("\n");
}
