/** How often one detector ran in one request with one verdict, and the seconds it took together. */
export interface RunRow {
  readonly detector: string;
  readonly phase: "prompt" | "generation";
  readonly verdict: "clear" | "fired" | "error";
  /** `""` unless the verdict is `error`. */
  readonly errorType: string;
  readonly count: number;
  readonly seconds: number;
}

/** One run of one detector. */
export type RunSample = Omit<RunRow, "count">;

/** Adds up runs by detector, phase, verdict and error type. */
export function createRunCounter(): { add(sample: RunSample): void; rows(): RunRow[] } {
  const rows = new Map<string, RunRow>();
  return {
    add(sample) {
      const key = [sample.detector, sample.phase, sample.verdict, sample.errorType].join("\u0000");
      const { count = 0, seconds = 0 } = rows.get(key) ?? {};
      rows.set(key, { ...sample, count: count + 1, seconds: seconds + sample.seconds });
    },
    rows: () => [...rows.values()],
  };
}
