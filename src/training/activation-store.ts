import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { renameSync, statfsSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a store holds: the same key always means the same numbers. */
export interface StoreShape {
  readonly folder: string;
  readonly taps: readonly string[];
  readonly hidden: number;
  /** How many positions each row has. `[rows]` */
  readonly counts: readonly number[];
  /** How many of them come before the last position of the row's prompt. `[rows]` */
  readonly beforeEnd: readonly number[];
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
  /** The rows of one tap in float32, piece by piece in order: `first` is the first position of `values`, `[some positions, hidden]`. A piece is overwritten by the next. */
  pieces(tap: string): Generator<StoredPiece>;
  close(): void;
}

/** Some successive positions of one tap. */
export interface StoredPiece {
  readonly first: number;
  readonly values: Float32Array;
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
  // A file that lost what was kept, as in a power cut, would be filled up with zeros.
  const least = (starts[done] ?? positions) * hidden * BYTES;
  if (taps.some((tap) => sizeOf(fileOf(folder, tap)) < least)) done = 0;
  let filled = starts[done] ?? positions;
  checkRoom(folder, (positions - filled) * taps.length * hidden * BYTES);
  const files = taps.map((tap) => openSync(fileOf(folder, tap), done === 0 ? "w+" : "r+"));
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
      if (filled + count !== (starts[done + rows] ?? positions))
        throw new Error(`${count} positions are not those of ${rows} rows`);
      files.forEach((file, index) => {
        writeAll(file, pack(values, { index, taps: taps.length, hidden }), filled * hidden * BYTES);
      });
      filled += count;
      done += rows;
      if (done === counts.length) for (const file of files) fsyncSync(file);
      writeProgress(folder, { rows: done, of: counts.length });
    },
    pieces(tap) {
      const file = files[taps.indexOf(tap)];
      if (file === undefined) throw new Error(`there is no tap ${tap} in ${folder}`);
      if (done < counts.length) throw new Error(`${folder} holds ${done} of ${counts.length} rows`);
      return readPieces(file, { positions, hidden });
    },
    close: () => files.forEach((file) => closeSync(file)),
  };
}

function fileOf(folder: string, tap: string): string {
  return join(folder, `${tap}.bf16`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

// A disk that fills up takes a part and says so only at the next try.
function writeAll(file: number, values: Uint16Array, at: number): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let from = 0; from < bytes.length;) from += writeSync(file, bytes, from, bytes.length - from, at + from);
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

const INFINITE = 0x7f800000;
const NOT_A_NUMBER = 0x7fc0;

// Rounded to the nearest: cutting off would pull every number towards 0.
function pack(values: Float32Array, { index, taps, hidden }: Column): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length); // [count, taps, hidden]
  const count = values.length / (taps * hidden);
  const packed = new Uint16Array(count * hidden); // [count, hidden]
  for (let row = 0; row < count; row += 1) {
    const from = (row * taps + index) * hidden;
    for (let at = 0; at < hidden; at += 1) {
      const value = bits[from + at]!;
      packed[row * hidden + at] = (value & 0x7fffffff) > INFINITE ? NOT_A_NUMBER : (value + 0x8000) >>> 16;
    }
  }
  return packed;
}

// Numbers of a piece: small enough for the processor's cache, large enough for a matrix product.
const PIECE = 1 << 20;

function* readPieces(
  file: number,
  { positions, hidden }: { positions: number; hidden: number },
): Generator<StoredPiece> {
  const most = Math.max(1, Math.floor(PIECE / hidden));
  const packed = new Uint16Array(Math.min(most, positions) * hidden);
  const values = new Float32Array(packed.length);
  const bits = new Uint32Array(values.buffer);
  for (let first = 0; first < positions; first += most) {
    const length = Math.min(most, positions - first) * hidden;
    const got = readSync(file, packed, 0, length * BYTES, first * hidden * BYTES);
    if (got !== length * BYTES) throw new Error("a file of activations is shorter than its rows: delete its folder");
    for (let at = 0; at < length; at += 1) bits[at] = packed[at]! << 16;
    yield { first, values: values.subarray(0, length) };
  }
}
