import type { Series } from "./series.ts";

/** Which configuration runs, and whether the last one could be loaded. */
export const CONFIG_SERIES = {
  configSuccessful: {
    kind: "gauge",
    name: "oversight_config_last_reload_successful",
    help: "1 when the configuration was loaded the last time that it was read, 0 when the one of before goes on.",
    labels: [],
  },
  configTimestamp: {
    kind: "gauge",
    name: "oversight_config_last_reload_timestamp_seconds",
    help: "When a configuration was loaded the last time, in seconds since 1970; the start counts.",
    labels: [],
  },
  configHash: {
    kind: "gauge",
    name: "oversight_config_hash_info",
    help: "Always 1; the label tells the configuration and the detectors that serve from others.",
    labels: ["hash"],
  },
} as const satisfies Record<string, Series>;
