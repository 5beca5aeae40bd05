import { setTimeout as wait } from "node:timers/promises";
import type { GatewayProcess } from "./gateway-process.ts";
import { send } from "./wire-reply.ts";
import { openStream } from "./wire-stream.ts";

const STREAMS = 4;
/** Two callers ask this often, whatever their replies take: they are to cost the streams the same at all times. */
const PACE_MS = 700;

/** Streams that run all the time, and requests that are flagged one after the other. */
export interface Load {
  /** Traces of replies that came and were flagged. */
  readonly flagged: Set<string>;
  readonly refused: number;
  readonly tokens: number;
  /** Resolves when so many are flagged, the load may end, and the streams have ended. */
  readonly done: Promise<void>;
  /** From here on it ends once enough are flagged. */
  mayEnd(): void;
}

export function startLoad(gateway: Pick<GatewayProcess, "api">, wanted: number): Load {
  const flagged = new Set<string>();
  const counts = { tokens: 0, refused: 0, asked: 0 };
  let [over, isWanted] = [false, true];

  async function stream(): Promise<void> {
    while (!over) {
      const question = { content: "Count slowly from one to a thousand.", policy: "open", fields: { max_tokens: 400 } };
      try {
        const reply = await openStream(gateway, question);
        for (let before = 0; !over && (await reply.next()); before = reply.tokens)
          counts.tokens += reply.tokens - before;
        reply.leave();
      } catch {
        await wait(50);
      }
    }
  }
  async function ask(): Promise<void> {
    for (let next = performance.now(); isWanted || flagged.size < wanted; next += PACE_MS) {
      await wait(Math.max(0, next - performance.now()));
      counts.asked += 1;
      const content = `Item ${counts.asked}: name one colour.`;
      try {
        const response = await send(gateway, { content, policy: "watch", fields: { max_tokens: 2 } });
        const traceId = response.headers.get("x-oversight-trace-id");
        await response.arrayBuffer();
        if (response.status === 200 && traceId !== null) flagged.add(traceId);
        else counts.refused += 1;
      } catch {
        await wait(50);
      }
    }
  }
  const streams = Array.from({ length: STREAMS }, stream);
  const done = Promise.all([ask(), ask()]).then(async () => {
    over = true;
    await Promise.all(streams);
  });
  return {
    flagged,
    get refused() {
      return counts.refused;
    },
    get tokens() {
      return counts.tokens;
    },
    done,
    mayEnd: () => void (isWanted = false),
  };
}
