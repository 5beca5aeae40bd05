import type { TraceView } from "./evidence.ts";

/** What one answer holds of a trace at most: about 3 MB of JSON. */
const MOST = { characters: 500_000, turns: 2_000, tokens: 8_192, firings: 100 };

/** What was left out of a trace that is too large to be shown whole. */
export interface Omission {
  /** Whole turns at the beginning of the conversation. */
  readonly turns: number;
  /** Characters of the conversation, those of the turns that were left out included. */
  readonly characters: number;
  /** Tokens of the reply, before and after those that are shown. */
  readonly tokens: number;
}

/** A trace of a size that a page can show: the end of the conversation, and the reply around the first firing. `omitted` is null when it is whole. */
export function boundView(view: TraceView, most = MOST): TraceView & { readonly omitted: Omission | null } {
  const { turns, omitted } = boundTurns(view.head.conversation, most);
  const tokens = boundTokens(view, most.tokens);
  const left = { ...omitted, tokens: view.reply.tokens.length - tokens.length };
  const isWhole = left.turns === 0 && left.characters === 0 && left.tokens === 0;
  return {
    ...view,
    head: { ...view.head, conversation: turns },
    firings: view.firings.slice(0, most.firings),
    reply: { ...view.reply, tokens },
    omitted: isWhole ? null : left,
  };
}

type Turns = TraceView["head"]["conversation"];

function boundTurns(conversation: Turns, most: typeof MOST) {
  const turns: Turns[number][] = [];
  let room = most.characters;
  for (const { role, content } of conversation.slice(-most.turns).toReversed()) {
    if (room <= 0) break;
    turns.unshift({ role: role.slice(0, 200), content: content.slice(Math.max(0, content.length - room)) });
    room -= content.length;
  }
  const length = (given: Turns) => given.reduce((sum, { content }) => sum + content.length, 0);
  const characters = length(conversation) - length(turns);
  return { turns, omitted: { turns: conversation.length - turns.length, characters } };
}

function boundTokens({ reply: { tokens } }: TraceView, most: number): TraceView["reply"]["tokens"] {
  if (tokens.length <= most) return tokens;
  const firing = tokens.findIndex(({ fired }) => fired.length > 0);
  const end = firing === -1 ? tokens.length : Math.min(tokens.length, firing + Math.ceil(most / 4));
  const start = Math.max(0, end - most);
  return tokens.slice(start, start + most);
}
