import type { RequestListener } from "node:http";
import type { Definitions } from "./definitions.ts";
import type { EngineSeat } from "./engine-seat.ts";

/** A configuration that serves. Whatever began under it ends under it. */
export interface Generation extends Definitions {
  readonly seat: EngineSeat;
  readonly api: RequestListener;
  readonly console: RequestListener;
}

/** Which configuration serves. */
export interface Serving {
  /** What is in force, or will be with the first engine. */
  readonly definitions: Definitions;
  /** Throws before the first one. */
  readonly current: Generation;
  /** From the next request on. */
  swap(next: Generation): void;
  /** The listeners' handlers: each request goes to the generation that serves when its headers have come. */
  readonly api: RequestListener;
  readonly console: RequestListener;
}

/** Has definitions and serves nothing yet. */
export function createServing(first: Definitions): Serving {
  let current: Generation | undefined;
  const serving: Serving = {
    get definitions() {
      return current ?? first;
    },
    get current() {
      if (current === undefined) throw new Error("nothing serves yet");
      return current;
    },
    swap(next) {
      current = next;
    },
    api: (request, response) => serving.current.api(request, response),
    console: (request, response) => serving.current.console(request, response),
  };
  return serving;
}
