import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { renameSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a store holds: the same key always means the same numbers. */
export interface StoreShape {
  readonly folder: string;
  readonly taps: readonly string[];
  readonly hidden: number;
  /** How many positions each row has. `[rows]` */
  readonly counts: readonly number[];
}

/**
 * RMS-normed rows of some taps at the judged positions of labelled rows, on disk: one file a tap, bfloat16 [positions, hidden].
 * Written row by row, so that a run that was cut short goes on where it stood.
 */
export interface ActivationStore extends StoreShape {
  /** Rows that are there already. */
  readonly done: number;
  /** First position of each row. `[rows]` */
  readonly starts: readonly number[];
  readonly positions: number;
  /** Appends rows of all taps, `[count, taps, hidden]`, for the next `rows` rows, and keeps them. */
  append(rows: number, values: Float32Array): void;
  /** All rows of one tap in float32. `[positions, hidden]` */
  read(tap: string): Float32Array;
  close(): void;
}

const BYTES = 2;
const PROGRESS_FILE = "progress.json";
const progressSchema = z.strictObject({ rows: z.int().min(0), of: z.int().min(1) });

/** Opens a store, new or where it was left. Throws an `Error` that names the folder when the disk has too little room. */
export function openActivationStore(shape: StoreShape): ActivationStore {
  const { folder, taps, hidden, counts } = shape;
  const starts = runningStarts(counts);
  const positions = counts.reduce((sum, count) => sum + count, 0);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let done = readProgress(folder, counts.length);
  let filled = done === counts.length ? positions : (starts[done] ?? 0);
  checkRoom(folder, (positions - filled) * taps.length * hidden * BYTES);
  const files = taps.map((tap) => openSync(join(folder, `${tap}.bf16`), done === 0 ? "w+" : "r+"));
  // What lies behind the last kept row was cut short.
  for (const file of files) ftruncateSync(file, filled * hidden * BYTES);
  return {
    ...shape,
    starts,
    positions,
    get done() {
      return done;
    },
    append(rows, values) {
      const count = values.length / (taps.length * hidden);
      files.forEach((file, index) => {
        writeSync(file, pack(values, { index, taps: taps.length, hidden }), 0, undefined, filled * hidden * BYTES);
      });
      filled += count;
      done += rows;
      if (filled !== (starts[done] ?? positions)) throw new Error(`${count} positions are not those of ${rows} rows`);
      if (done === counts.length) for (const file of files) fsyncSync(file);
      writeProgress(folder, { rows: done, of: counts.length });
    },
    read(tap) {
      const file = files[taps.indexOf(tap)];
      if (file === undefined) throw new Error(`there is no tap ${tap} in ${folder}`);
      if (done < counts.length) throw new Error(`${folder} holds ${done} of ${counts.length} rows`);
      return unpack(file, positions * hidden);
    },
    close: () => files.forEach((file) => closeSync(file)),
  };
}

function runningStarts(counts: readonly number[]): number[] {
  let start = 0;
  return counts.map((count) => (start += count) - count);
}

function readProgress(folder: string, rows: number): number {
  const file = join(folder, PROGRESS_FILE);
  if (!existsSync(file)) return 0;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
  const parsed = progressSchema.safeParse(value);
  return parsed.success && parsed.data.of === rows && parsed.data.rows <= rows ? parsed.data.rows : 0;
}

function writeProgress(folder: string, progress: { rows: number; of: number }): void {
  const file = join(folder, PROGRESS_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(progress));
  renameSync(`${file}.new`, file);
}

function checkRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes * 1.05) return;
  const need = Math.ceil(bytes / 1e6);
  throw new Error(
    `activations need ${need} MB in ${folder}, ${Math.floor((bavail * bsize) / 1e6)} MB are free: ` +
      "free some, set LENSGATE_CACHE_DIR to another disk, or take fewer taps or rows",
  );
}

interface Column {
  readonly index: number;
  readonly taps: number;
  readonly hidden: number;
}

// Rounded to the nearest: cutting off would pull every number towards 0.
function pack(values: Float32Array, { index, taps, hidden }: Column): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length); // [count, taps, hidden]
  const count = values.length / (taps * hidden);
  const packed = new Uint16Array(count * hidden); // [count, hidden]
  for (let row = 0; row < count; row += 1) {
    const from = (row * taps + index) * hidden;
    for (let at = 0; at < hidden; at += 1) packed[row * hidden + at] = (bits[from + at]! + 0x8000) >>> 16;
  }
  return packed;
}

const PIECE = 1 << 22;

function unpack(file: number, length: number): Float32Array {
  const values = new Float32Array(length);
  const bits = new Uint32Array(values.buffer);
  const piece = new Uint16Array(Math.min(PIECE, length));
  for (let at = 0; at < length; at += piece.length) {
    const count = Math.min(piece.length, length - at);
    const got = readSync(file, piece, 0, count * BYTES, at * BYTES);
    if (got !== count * BYTES) throw new Error("a file of activations is shorter than its rows: delete its folder");
    for (let index = 0; index < count; index += 1) bits[at + index] = piece[index]! << 16;
  }
  return values;
}
