import { setTimeout as wait } from "node:timers/promises";
import { openStream } from "./wire-stream.ts";

/** One way to be flagged: a policy, and how many tokens leave before anything that its firing holds back. */
export interface Trap {
  readonly policy: string;
  readonly content: string;
  readonly action: "flag" | "abort";
  /** The content may have a number in it: the firing does not depend on it, and traces are not alike. */
  readonly numbered: boolean;
  /** A client that sees more tokens than this saw a byte that left after the firing. */
  readonly tokensBefore: number;
}

/** What one client saw of one response, to the moment at which it hung up or the connection broke. */
export interface Seen {
  readonly trap: Trap;
  readonly traceId: string;
  readonly tokens: number;
  readonly finishReason: string | null;
  readonly hungUp: boolean;
}

/** Clients that ask again and again until `stop`, and sit out the time in which nobody answers. */
export interface Traffic {
  /** One entry a response whose headers came. */
  readonly seen: readonly Seen[];
  /** Points the clients at a gateway; undefined while there is none. */
  aim(api: string | undefined): void;
  /** Resolves when clients have seen so many more chunks with a byte that left after a firing. */
  nextFlagged(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly clients: number;
  readonly traps: readonly Trap[];
  /** Whole numbers from `from` to `to`. */
  readonly draw: (from: number, to: number) => number;
}

const MAX_TOKENS = 10;

/** Whether anything that this client saw left after the firing. */
export function sawFlagged({ trap, tokens, finishReason }: Pick<Seen, "trap" | "tokens" | "finishReason">): boolean {
  return tokens > trap.tokensBefore || finishReason === "content_filter";
}

/** Starts the clients; every third one hangs up on purpose. */
export function startTraffic({ clients, traps, draw }: TrafficOptions): Traffic {
  const seen: Seen[] = [];
  let sightings = 0;
  let awaited: { readonly from: number; readonly tell: () => void } | undefined;
  let api: string | undefined;
  let asked = 0;
  let over = false;

  async function askOnce(target: string, hangsUp: boolean): Promise<void> {
    const trap = traps[draw(0, traps.length - 1)] as Trap;
    // Around the firing: before it, at it, and after it.
    const patience = hangsUp ? draw(0, trap.tokensBefore + 3) : Infinity;
    const { policy } = trap;
    const content = trap.numbered ? `${trap.content} (${(asked += 1)})` : trap.content;
    const stream = await openStream({ api: target }, { content, policy, fields: { max_tokens: MAX_TOKENS } });
    const look = () => ({
      trap,
      traceId: stream.headers.get("x-oversight-trace-id") ?? "",
      tokens: stream.tokens,
      finishReason: /"finish_reason":"(\w+)"/.exec(stream.text)?.[1] ?? null,
      hungUp: stream.tokens >= patience,
    });
    try {
      while (!look().hungUp && (await stream.next())) {
        if (!sawFlagged(look())) continue;
        sightings += 1;
        if (awaited && sightings >= awaited.from) awaited.tell();
      }
    } finally {
      seen.push(look());
      stream.leave();
    }
  }

  async function runClient(hangsUp: boolean): Promise<void> {
    while (!over) {
      const target = api;
      // A refusal or a broken connection is what this is about.
      if (target === undefined) await wait(10);
      else await askOnce(target, hangsUp).catch(() => wait(10));
    }
  }

  const all = Array.from({ length: clients }, (_, index) => runClient(index % 3 === 2));
  return {
    seen,
    aim: (target) => (api = target),
    nextFlagged: (count) => new Promise((tell) => (awaited = { from: sightings + count, tell })),
    async stop() {
      over = true;
      await Promise.all(all);
    },
  };
}
