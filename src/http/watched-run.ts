import type { Run, RunEnd, RunEvent } from "../engine/engine.ts";

/** The same run; `onEnd` sees its end first. */
export function watchEnd(run: Run, onEnd: (end: RunEnd) => void): Run {
  return {
    cancel: () => run.cancel(),
    [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
      const events = run[Symbol.asyncIterator]();
      return {
        async next() {
          const result = await events.next();
          if (result.done !== true && result.value.type === "run-ended") onEnd(result.value);
          return result;
        },
        return: async (value?: unknown) => (await events.return?.(value)) ?? { done: true, value: undefined },
      };
    },
  };
}
