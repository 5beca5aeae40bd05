import type { GatewayProcess } from "./gateway-process.ts";
import { ask } from "./wire-reply.ts";

/** Callers that ask all the time, whole replies and streams in turn. */
export interface ReloadLoad {
  readonly requests: number;
  /** Replies that were not what their policy says: another status, no end, no stop where one was due. */
  readonly failed: readonly string[];
  /** Resolves when the last reply has come. */
  stop(): Promise<void>;
}

/** `key` is accepted by every configuration; the policy `stops` aborts every reply, `open` none. */
export function startReloadLoad(gateway: Pick<GatewayProcess, "api">, clients: number, key: string): ReloadLoad {
  const failed: string[] = [];
  let requests = 0;
  let isOver = false;

  async function askOne(number: number): Promise<void> {
    const policy = number % 3 === 0 ? "stops" : "open";
    const stream = number % 2 === 0;
    const headers = { authorization: `Bearer ${key}` };
    const fields = { max_tokens: 4 + (number % 5) * 8 };
    const reply = await ask(gateway, { content: `Number ${number}: name a colour.`, policy, stream, headers, fields });
    const isStopped = reply.finishReason === "content_filter";
    if (reply.status === 200 && isStopped === (policy === "stops") && (!stream || reply.done)) return;
    failed.push(
      `${policy} ${stream ? "stream" : "whole"}: ${reply.status} ${reply.finishReason} ${reply.error?.message}`,
    );
  }
  async function work(): Promise<void> {
    while (!isOver) {
      requests += 1;
      await askOne(requests).catch((error: unknown) => failed.push(String(error)));
    }
  }
  const working = Array.from({ length: clients }, work);
  return {
    get requests() {
      return requests;
    },
    failed,
    async stop() {
      isOver = true;
      await Promise.all(working);
    },
  };
}
