import type { Response } from "express";
import { once } from "node:events";

/** Server-sent events on one response. Every event is one write. */
export interface EventStream {
  /** Whether the headers have left. */
  readonly opened: boolean;
  /** Sends the headers, once. */
  open(): void;
  send(data: object): void;
  /** Resolves when the connection takes more, or the signal aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Ends the body, with `[DONE]` unless it ended in an error. */
  end(options: { readonly done: boolean }): void;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
};

/** Makes the stream. After `heartbeatMs` of silence a comment keeps proxies and clients from giving up. */
export function createEventStream(response: Response, heartbeatMs: number): EventStream {
  let heartbeat: NodeJS.Timeout | undefined;
  const write = (text: string): void => {
    if (response.destroyed) return;
    response.write(text);
    heartbeat?.refresh();
  };
  const stop = (): void => clearInterval(heartbeat);
  return {
    get opened() {
      return response.headersSent;
    },
    open() {
      if (response.headersSent || response.destroyed) return;
      response.writeHead(200, HEADERS);
      response.flushHeaders();
      // A connection that takes nothing needs no sign of life, and must not pile them up.
      heartbeat = setInterval(() => !response.writableNeedDrain && write(":\n\n"), heartbeatMs);
      response.once("close", stop);
    },
    send: (data) => write(`data: ${JSON.stringify(data)}\n\n`),
    async drained(signal) {
      if (!response.writableNeedDrain || signal.aborted) return;
      // The signal also aborts when the connection closes.
      await once(response, "drain", { signal }).catch(() => undefined);
    },
    end({ done }) {
      stop();
      if (done) write("data: [DONE]\n\n");
      response.end();
    },
  };
}
