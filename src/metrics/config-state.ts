import type { Labels } from "./label-sets.ts";
import type { SeriesKey } from "./series.ts";

/** What the metrics say of the configuration. */
export interface ConfigState {
  /** One was loaded: it serves, or the same one still does. `at` is milliseconds since 1970. */
  loaded(config: { readonly hash: string; readonly at: number }): void;
  /** What was read could not be loaded. */
  refused(): void;
}

export interface ConfigStateParts {
  readonly set: (key: SeriesKey, labels: Labels, value: number) => void;
  readonly remove: (key: SeriesKey, labels: Labels) => void;
}

/** One hash at a time: that of before goes, so that reloads make no series. */
export function createConfigState({ set, remove }: ConfigStateParts): ConfigState {
  let current: string | undefined;
  return {
    loaded({ hash, at }) {
      if (current !== undefined && current !== hash) remove("configHash", { hash: current });
      current = hash;
      set("configHash", { hash }, 1);
      set("configSuccessful", {}, 1);
      set("configTimestamp", {}, at / 1000);
    },
    refused: () => set("configSuccessful", {}, 0),
  };
}
