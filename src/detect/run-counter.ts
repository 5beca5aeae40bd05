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
  // By detector, then by the rest: this runs for every detector at every position.
  const rows = new Map<string, MutableRow[]>();
  return {
    add(sample) {
      const own = rows.get(sample.detector) ?? [];
      if (own.length === 0) rows.set(sample.detector, own);
      const row = own.find((each) => isSame(each, sample));
      if (row) {
        row.count += 1;
        row.seconds += sample.seconds;
      } else own.push({ ...sample, count: 1 });
    },
    rows: () => [...rows.values()].flat().map((row) => ({ ...row })),
  };
}

type MutableRow = { -readonly [Key in keyof RunRow]: RunRow[Key] };

function isSame(row: RunRow, { phase, verdict, errorType }: RunSample): boolean {
  return row.phase === phase && row.verdict === verdict && row.errorType === errorType;
}
