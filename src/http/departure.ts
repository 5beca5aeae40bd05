import type { Request, Response } from "express";
import type { RunEvent } from "../engine/engine.ts";

/** Watches whether anybody still waits for an answer. */
export interface Departure {
  /** Aborts when the client left or the time is up. */
  readonly signal: AbortSignal;
  /** Why it aborted; undefined while it has not. */
  cause(): "client" | "deadline" | undefined;
}

// Time to hand an error to the connection before it is cut.
const FAREWELL_MS = 2_000;

/**
 * Watches one response until it closes. `limitMs` is the last resort against an engine that hangs and a client that never
 * reads: then the signal aborts, and what is not sent soon after never is.
 */
export function watchDeparture(request: Request, response: Response, limitMs: number): Departure {
  const controller = new AbortController();
  let cause: "client" | "deadline" | undefined;
  const leave = (why: "client" | "deadline"): void => {
    cause ??= why;
    controller.abort();
  };
  const onClose = (): void => {
    clearTimeout(timer);
    if (!response.writableFinished) leave("client");
  };
  // A body that breaks off is noticed here before the connection is closed.
  const onBroken = (): void => leave("client");
  let timer = setTimeout(() => {
    leave("deadline");
    timer = setTimeout(() => response.destroy(), FAREWELL_MS);
  }, limitMs);
  response.once("close", onClose);
  request.once("error", onBroken);
  return { signal: controller.signal, cause: () => cause };
}

/**
 * Passes events on until the run ends or the signal aborts. Leaving, in either way, leaves the source too, at once and
 * without waiting for the event that is under way.
 */
export async function* takeEvents(
  source: AsyncIterable<RunEvent>,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const events = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const result = await unlessAborted(events.next(), signal);
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    events.return?.().catch(() => undefined);
  }
}

/** What the promise gives, or undefined as soon as the signal aborts. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
