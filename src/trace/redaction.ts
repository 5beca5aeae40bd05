import type { PrivacyConfig } from "../config/privacy-config.ts";
import type { FlagEvidence } from "../engine/engine.ts";
import { createFinder, markOf, maskText, maskTokens, REDACTED_ID, type FindSpans } from "./redacted-text.ts";
import type { TraceEnd, TraceHead, Turn } from "./trace.ts";

/** Takes out of one trace what is not to be stored. */
export interface TraceRedactor {
  head(head: TraceHead): TraceHead;
  /** `promptTokens`: the position of the first generated token, as far as it is known. */
  evidence(evidence: FlagEvidence, promptTokens: number | undefined): FlagEvidence;
  end(end: TraceEnd): TraceEnd;
}

/** Begins with the trace's conversation as the model read it. */
export type Redaction = (conversation: readonly Turn[]) => TraceRedactor;

/** Stores everything as it is. */
export const NO_REDACTION: Redaction = () => ({
  head: (head) => head,
  evidence: (evidence) => evidence,
  end: (end) => end,
});

/** Two characters stand in many words by chance. */
const SHORTEST_PIECE = 3;
const MARK = "█";

interface RedactionParts {
  readonly privacy: PrivacyConfig;
  /** A keyed hash: traces stay tellable apart by what was taken out of them. */
  readonly digest: (...parts: readonly string[]) => string;
}

/**
 * Redaction by patterns and roles. What was found in the conversation is also taken out of the reply and of what detectors said of it;
 * of a conversation from which something was taken out, no token of the prompt is stored with the scores.
 */
export function createRedaction({ privacy, digest }: RedactionParts): Redaction {
  const { redact, dropRoles } = privacy;
  if (redact.length === 0 && dropRoles.length === 0) return NO_REDACTION;
  const find = createFinder(redact);
  return (conversation) => {
    const { turns, secrets, names } = redactTurns(conversation, { find, dropRoles });
    const findAll = (text: string) => find(text, secrets);
    const clean = (text: string) => maskText(text, findAll(text));
    const digestOf = () => digest("unredacted", ...conversation.flatMap(({ role, content }) => [role, content]));
    return {
      head: (head) =>
        names.length === 0 ? head : { ...head, conversation: turns, redacted: { names, digest: digestOf() } },
      evidence: (evidence, promptTokens) =>
        redactEvidence(evidence, { findAll, clean, secrets, promptTokens, hidesPrompt: names.length > 0 }),
      end: (end) => ({
        ...end,
        generated: maskTokens(end.generated, findAll),
        scores: end.scores.map((score) => (score.error === null ? score : { ...score, error: clean(score.error) })),
      }),
    };
  };
}

function redactTurns(
  conversation: readonly Turn[],
  { find, dropRoles }: { readonly find: FindSpans; readonly dropRoles: readonly string[] },
) {
  const secrets = new Map<string, string>();
  const names = new Set<string>();
  const note = (secret: string, name: string): void => {
    secrets.set(secret, name);
    names.add(name);
  };
  const turns = conversation.map(({ role, content }) => {
    const spans = find(content);
    for (const { start, end, name } of spans) note(content.slice(start, end), name);
    if (!dropRoles.includes(role) || content === "") return { role, content: maskText(content, spans) };
    note(content, `role ${role}`);
    return { role, content: markOf(`role ${role}`) };
  });
  return { turns, secrets, names: [...names] };
}

interface EvidenceParts {
  readonly findAll: FindSpans;
  readonly clean: (text: string) => string;
  readonly secrets: ReadonlyMap<string, string>;
  readonly promptTokens: number | undefined;
  readonly hidesPrompt: boolean;
}

function redactEvidence(evidence: FlagEvidence, parts: EvidenceParts): FlagEvidence {
  const { clean, secrets, promptTokens, hidesPrompt } = parts;
  const generated = maskTokens(evidence.generated, parts.findAll);
  const hidesReply = generated.some(({ id }) => id === REDACTED_ID);
  const isHidden = (position: number): boolean => {
    if (promptTokens === undefined) return hidesPrompt || hidesReply;
    return position < promptTokens ? hidesPrompt : generated[position - promptTokens]?.id === REDACTED_ID;
  };
  const { finding } = evidence;
  return {
    ...evidence,
    generated,
    finding:
      finding.verdict === "error"
        ? { ...finding, message: clean(finding.message) }
        : isHidden(finding.position)
          ? { ...finding, token: { id: REDACTED_ID, text: MARK } }
          : finding,
    live: evidence.live.map((row) => (isHidden(row.position) ? { ...row, token: REDACTED_ID, text: MARK } : row)),
    lens: evidence.lens.map(({ tap, top }) => ({
      tap,
      top: top.map((entry) => (isPiece(entry.text, secrets) ? { ...entry, id: REDACTED_ID, text: MARK } : entry)),
    })),
  };
}

/** What the model was about to say may be a piece of it. */
function isPiece(text: string, secrets: ReadonlyMap<string, string>): boolean {
  const piece = text.trim();
  return piece.length >= SHORTEST_PIECE && [...secrets.keys()].some((secret) => secret.includes(piece));
}
