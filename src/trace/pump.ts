import type { Logger } from "../log.ts";
import type { Outbox, OutboxKind, OutboxRow } from "./outbox.ts";

/** What a delivered row became: for an item, the review item that its trace belongs to. */
export interface Delivered {
  readonly item?: string;
  /** It has to wait for something else: it is tried again in the next round, and nothing is wrong. */
  readonly later?: true;
}

/** Work that is done in every round after the rows, told which state of the other side is there. */
export interface PumpStep {
  /** For the log and the count of failures. */
  readonly name: string;
  run(epoch: string): Promise<void>;
}

/** What the pump works with. */
export interface PumpParts {
  readonly outbox: Outbox;
  /** Which state of the other side is there: another one after a restart or a loss. Throws when it cannot be reached. */
  readonly epoch: () => Promise<string>;
  /** Idempotent: a process may die before the delivery is noted. */
  readonly deliver: Readonly<Record<OutboxKind, (row: OutboxRow) => Promise<Delivered>>>;
  readonly steps?: readonly PumpStep[];
  /** Short steps that cannot wait for a long outbox: before the rows, and again after each batch of them. */
  readonly urgent?: readonly PumpStep[];
  readonly log: Pick<Logger, "warn" | "error" | "info">;
  /** Told of each failure: `epoch`, a kind, or a step's name. */
  readonly onFailure?: (what: string) => void;
  /** How long the pump rests when all is delivered, 1,000 by default. */
  readonly restMs?: number;
  /** The longest pause after failures, 10,000 by default; the first is 1/40 of it. */
  readonly longestPauseMs?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Whether deliveries succeed; `since` is the moment of the first of the failures that still go on. */
export interface PumpStatus {
  readonly failing: boolean;
  readonly since: number | null;
  readonly lastError: string | null;
}

/** Brings rows to the other side in the background, each at least once to each state of it. */
export interface Pump {
  /** New rows are there: delivers at once, unless it waits after a failure. */
  wake(): void;
  /** The other side is there again: does not wait any longer. */
  retryNow(): void;
  /** A round that begins now; says whether nothing failed. */
  flush(): Promise<boolean>;
  status(): PumpStatus;
  /** Ends the round under way after the row that it is at. */
  close(): Promise<void>;
}

const BATCH = 100;
/** Rows that fail one after the other before a round gives up: one bad row stops nothing, a side that is down does not cost a log of thousands. */
const MAX_FAILURES = 3;
const KINDS = ["item", "enrichment"] as const;

/** Makes the pump; it starts with the first `wake`. */
export function createPump(parts: PumpParts): Pump {
  const rounds = createRounds(parts);
  return { ...createTiming(parts, rounds.run), status: rounds.status };
}

/** When rounds run: one at a time, at once when there is something new, later after a failure. */
function createTiming(
  { log, restMs = 1_000, longestPauseMs = 10_000 }: PumpParts,
  work: (isClosed: () => boolean) => Promise<boolean>,
): Pick<Pump, "wake" | "retryNow" | "flush" | "close"> {
  let [started, closed, wanted] = [false, false, false];
  let pauseMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<boolean> | undefined;

  function turn(): Promise<boolean> {
    clearTimeout(timer);
    wanted = false;
    round ??= work(() => closed).finally(() => (round = undefined));
    return round;
  }
  function schedule(ms: number): void {
    clearTimeout(timer);
    if (!started || closed) return;
    timer = setTimeout(() => void turn().then(rest, broke), ms).unref();
  }
  function broke(error: unknown): void {
    log.error({ err: error }, "a round of the outbox broke");
    rest(false);
  }
  function rest(fine: boolean): void {
    pauseMs = fine ? 0 : Math.min(longestPauseMs, Math.max(longestPauseMs / 40, pauseMs * 2));
    schedule(fine && wanted ? 0 : fine ? restMs : pauseMs);
  }
  function wake(): void {
    [started, wanted] = [true, true];
    if (pauseMs === 0 && round === undefined) schedule(0);
  }
  return {
    wake,
    retryNow() {
      pauseMs = 0;
      wake();
    },
    async flush() {
      // One that is under way may have passed what is there now.
      await round;
      const fine = await turn();
      rest(fine);
      return fine;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
    },
  };
}

type ListRows = (after: OutboxRow | undefined) => OutboxRow[];

/** What one round does: what is urgent, then all rows that are new, then those that an earlier state of the other side had, then the steps. */
function createRounds(parts: PumpParts) {
  const { outbox, deliver, steps = [], urgent = [], clock = Date.now } = parts;
  const trouble = createTrouble(parts, clock);

  async function take(some: readonly PumpStep[], epoch: string, isClosed: () => boolean): Promise<void> {
    for (const step of some)
      if (!isClosed()) await step.run(epoch).catch((error: unknown) => trouble.note(step.name, error));
  }

  async function deliverRow(row: OutboxRow, epoch: string): Promise<boolean> {
    // Deleted since it was listed.
    if (outbox.find(row.kind, row.id) === undefined) return true;
    try {
      const { item, later } = await deliver[row.kind](row);
      if (later === true) return true;
      outbox.markDelivered(row, { epoch, ...(item === undefined ? {} : { item }) });
      return true;
    } catch (error) {
      trouble.note(row.kind, error);
      return false;
    }
  }
  async function deliverAll(list: ListRows, epoch: string, isClosed: () => boolean): Promise<void> {
    let failures = 0;
    for (let rows = list(undefined); rows.length > 0; rows = list(rows.at(-1))) {
      for (const row of rows) {
        if (isClosed()) return;
        failures = (await deliverRow(row, epoch)) ? 0 : failures + 1;
        if (failures >= MAX_FAILURES) return;
      }
      await take(urgent, epoch, isClosed);
    }
  }
  async function run(isClosed: () => boolean): Promise<boolean> {
    trouble.begin();
    try {
      const epoch = await parts.epoch();
      await take(urgent, epoch, isClosed);
      for (const kind of KINDS) await deliverAll((after) => outbox.list(query(kind, after)), epoch, isClosed);
      for (const kind of KINDS)
        await deliverAll((after) => outbox.list({ ...query(kind, after), epoch }), epoch, isClosed);
      await take(steps, epoch, isClosed);
    } catch (error) {
      trouble.note("epoch", error);
    }
    return trouble.end();
  }
  return { run, status: trouble.status };
}

function query(kind: OutboxKind, after: OutboxRow | undefined) {
  return { kind, limit: BATCH, ...(after === undefined ? {} : { after }) };
}

const MAX_REASONS = 10;

/** What goes wrong, each reason told once and the end of it once, however many rows it concerns. */
function createTrouble({ log, onFailure }: PumpParts, clock: () => number) {
  let since: number | null = null;
  let lastError: string | null = null;
  let failed = false;
  const told = new Set<string>();
  return {
    begin() {
      failed = false;
    },
    note(what: string, error: unknown) {
      failed = true;
      onFailure?.(what);
      lastError = error instanceof Error ? error.message : String(error);
      since ??= clock();
      if (told.has(lastError) || told.size >= MAX_REASONS) return;
      told.add(lastError);
      log.error(
        { err: error, what },
        "the review queue takes nothing; everything flagged stays on this disk and is sent again",
      );
    },
    end(): boolean {
      if (failed) return false;
      if (since !== null)
        log.warn({ seconds: Math.round((clock() - since) / 1000) }, "the review queue takes items again");
      [since, lastError] = [null, null];
      told.clear();
      return true;
    },
    status: (): PumpStatus => ({ failing: since !== null, since, lastError }),
  };
}
