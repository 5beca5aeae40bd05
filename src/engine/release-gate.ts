import type { Alternative } from "../model/sampler.ts";
import { createDetokeniser, type TokenBytes } from "../model/token-bytes.ts";
import type { ReleasedToken } from "./engine.ts";
import { findStop, possibleStop } from "./stop-strings.ts";

/** A token as the model drew it. */
export interface DrawnToken {
  readonly id: number;
  readonly logprob?: number;
  readonly top?: readonly Alternative[];
}

/**
 * What is between drawing a token and its leaving: characters that are not complete, text that may become a stop string,
 * and the hold. Tokens leave whole and in order; the last one is cut where a stop string begins.
 */
export interface ReleaseGate {
  /** Takes the next token and returns the text that it completed; `stopped` once a stop string is complete. */
  push(token: DrawnToken): { readonly text: string; readonly stopped: boolean };
  /** Tokens that may leave when the first `allowed` tokens were judged. */
  release(allowed: number): ReleasedToken[];
  /** The rest, when generation is over and every token was judged. */
  finish(): ReleasedToken[];
  /** Tokens that left so far. */
  readonly released: number;
}

export interface ReleaseGateOptions {
  readonly bytes: TokenBytes;
  /** Stop strings, none of them empty. */
  readonly stop: readonly string[];
  /** Text of an alternative, for log-probabilities. */
  readonly textOf: (id: number) => string;
}

const encoder = new TextEncoder();

interface Held extends DrawnToken {
  readonly start: number;
  end: number;
  /** How many tokens must be judged before it leaves: itself and those that complete its last character. */
  needs: number;
}

/** An empty gate of one reply. Offsets are UTF-16 units of the reply's text. */
export function createReleaseGate({ bytes, stop, textOf }: ReleaseGateOptions): ReleaseGate {
  const detokeniser = createDetokeniser(bytes);
  const longest = Math.max(0, ...stop.map((text) => text.length));
  const tokens: Held[] = [];
  let text = "";
  let stopAt: number | undefined;
  let released = 0;
  // Tokens before the one that began a character which is still split.
  let whole = 0;
  const settle = (count: number): void => {
    for (const token of tokens.slice(whole, count)) token.needs = tokens.length;
    whole = Math.max(whole, count);
  };

  const leaveWhile = (mayLeave: (token: Held) => boolean): ReleasedToken[] => {
    const out: ReleasedToken[] = [];
    for (let token = tokens[released]; token && mayLeave(token); token = tokens[released]) {
      released += 1;
      const reply = { text, end: stopAt ?? text.length, pending: detokeniser.pending(), bytes, textOf };
      out.push(describeToken(token, reply));
    }
    return out;
  };
  const isBeforeStop = ({ start }: Held): boolean => stopAt === undefined || start < stopAt;

  return {
    get released() {
      return released;
    },
    push(token) {
      const start = text.length;
      text += detokeniser.push(token.id);
      tokens.push({ ...token, start, end: text.length, needs: Infinity });
      const pending = detokeniser.pending();
      if (pending === 0) settle(tokens.length);
      else if (pending <= bytes.bytesOf(token.id).length) settle(tokens.length - 1);
      stopAt ??= findStop(text, stop, Math.max(0, start - longest + 1));
      return { text: text.slice(start), stopped: stopAt !== undefined };
    },
    release(allowed) {
      const safe = stopAt ?? text.length - possibleStop(text, stop);
      return leaveWhile((token) => token.needs <= allowed && token.end <= safe && isBeforeStop(token));
    },
    finish() {
      const last = tokens.at(-1);
      if (last && stopAt === undefined) {
        text += detokeniser.flush();
        last.end = text.length;
      }
      return leaveWhile(isBeforeStop);
    },
  };
}

interface Reply extends Pick<ReleaseGateOptions, "bytes" | "textOf"> {
  readonly text: string;
  /** Where the text ends that may be seen. */
  readonly end: number;
  /** Bytes at the end that are no character yet. */
  readonly pending: number;
}

function describeToken({ id, start, end, logprob, top = [] }: Held, reply: Reply): ReleasedToken {
  const { text, bytes, textOf } = reply;
  const shown = text.slice(start, Math.min(end, reply.end));
  if (logprob === undefined) return { id, text: shown };
  const own = bytes.bytesOf(id);
  // Of a token that is cut, the bytes of what was cut off stay here, too.
  const lost = end <= reply.end ? 0 : encoder.encode(text.slice(reply.end, end)).length + reply.pending;
  return {
    id,
    text: shown,
    logprob,
    top: top.map((each) => ({ ...each, text: textOf(each.id), bytes: [...bytes.bytesOf(each.id)] })),
    bytes: [...own.subarray(0, Math.max(0, own.length - lost))],
  };
}
