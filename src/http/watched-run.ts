import type { Run, RunEvent } from "../engine/engine.ts";

/** What sees a run go by. */
export interface RunWatcher {
  /** An event, before the consumer gets it. */
  readonly see: (event: RunEvent) => void;
  /** The run threw instead of ending. */
  readonly broke?: () => void;
}

/** The same run; the watcher sees its events first, also when the client left and only the recorder still reads. */
export function watchRun(run: Run, { see, broke }: RunWatcher): Run {
  return {
    cancel: () => run.cancel(),
    [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
      const events = run[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const result = await events.next();
            if (result.done !== true) see(result.value);
            return result;
          } catch (error) {
            broke?.();
            throw error;
          }
        },
        return: async (value?: unknown) => (await events.return?.(value)) ?? { done: true, value: undefined },
      };
    },
  };
}
