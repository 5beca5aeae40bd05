import { bareEnd } from "./bare-end.ts";
import type { Run, RunEnd, RunEvent } from "./engine.ts";
import { createEventChannel, type EventChannel } from "./event-channel.ts";

/** The runs under way, as the main thread knows them. */
export interface LiveRuns {
  readonly size: number;
  /** Opens a run; throws when one with this id is under way. */
  open(request: { readonly id: string; readonly prompt: Int32Array }): Run;
  /** Passes an event on; one for a run that is over is dropped. */
  receive(id: string, event: RunEvent): void;
  /** Ends every run as `failed` with what the main thread itself knows of it: what had left. */
  failAll(rule: string): void;
}

interface LiveRun {
  readonly channel: EventChannel<RunEvent>;
  readonly promptTokens: number;
  readonly released: { readonly id: number; readonly text: string }[];
}

/** `cancel` is called with the id of a run that is under way and that its consumer gave up. */
export function createLiveRuns(cancel: (id: string) => void): LiveRuns {
  const live = new Map<string, LiveRun>();

  const end = (id: string, run: LiveRun, event: RunEnd): void => {
    live.delete(id);
    run.channel.push(event);
    run.channel.close();
  };

  return {
    get size() {
      return live.size;
    },
    open({ id, prompt }) {
      if (live.has(id)) throw new Error(`a run with the id ${id} is under way`);
      // By identity: a later run may have the same id.
      const giveUp = (): void => {
        if (live.get(id) === run) cancel(id);
      };
      const channel = createEventChannel<RunEvent>(giveUp);
      const run: LiveRun = { channel, promptTokens: prompt.length, released: [] };
      live.set(id, run);
      return { cancel: giveUp, [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator]() };
    },
    receive(id, event) {
      const run = live.get(id);
      if (!run) return;
      if (event.type === "run-ended") return end(id, run, event);
      if (event.type === "tokens-released")
        run.released.push(...event.tokens.map(({ id: token, text }) => ({ id: token, text })));
      run.channel.push(event);
    },
    failAll(rule) {
      for (const [id, run] of live) end(id, run, failedEnd(run, rule));
    },
  };
}

function failedEnd({ promptTokens, released }: LiveRun, rule: string): RunEnd {
  return bareEnd({ reason: "failed", decision: { action: "unavailable", rule }, promptTokens, generated: released });
}
