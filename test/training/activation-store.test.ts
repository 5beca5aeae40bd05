import { readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openActivationStore, type StoreShape } from "../../src/training/activation-store.ts";
import { writeFolder } from "../support/folder.ts";
import { valuesOf } from "../support/made-store.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

const TAPS = ["0.attn_out", "1.resid_post"];
const HIDDEN = 3;
const COUNTS = [2, 1, 4];
const shapeIn = (folder: string): StoreShape => ({
  folder,
  taps: TAPS,
  hidden: HIDDEN,
  counts: COUNTS,
  beforeEnd: COUNTS.map(() => 0),
});
const WIDTH = TAPS.length * HIDDEN;
const VALUES = Float32Array.from(seededNumbers(3, 7 * WIDTH), (value) => 4 * value - 2); // [7, taps, hidden]
const partOf = (from: number, to: number) => VALUES.slice(from * WIDTH, to * WIDTH);
const bytesOf = (folder: string) => TAPS.map((tap) => readFileSync(join(folder, `${tap}.bf16`)).toString("hex"));

function fill(folder: string): void {
  const store = openActivationStore(shapeIn(folder));
  store.append(3, VALUES);
  store.close();
}

function storeOne(value: number): number {
  const store = openActivationStore({
    folder: writeFolder({}),
    taps: ["0.attn_out"],
    hidden: 1,
    counts: [1],
    beforeEnd: [0],
  });
  store.append(1, Float32Array.of(value));
  return valuesOf(store, "0.attn_out")[0] ?? -1;
}

describe("a store of activations", () => {
  it("gives back each tap's rows in order, rounded to bfloat16", () => {
    const store = openActivationStore(shapeIn(writeFolder({})));
    expect([store.starts, store.positions, store.done]).toEqual([[0, 2, 3], 7, 0]);
    store.append(1, partOf(0, 2));
    store.append(2, partOf(2, 7));
    expect(store.done).toBe(3);
    TAPS.forEach((tap, index) => {
      const read = valuesOf(store, tap);
      expect(read.length).toBe(7 * HIDDEN);
      read.forEach((value, at) => {
        const whole = VALUES[Math.floor(at / HIDDEN) * WIDTH + index * HIDDEN + (at % HIDDEN)] ?? NaN;
        expect(Math.abs(value - whole)).toBeLessThanOrEqual(Math.abs(whole) / 256);
      });
    });
    store.close();
  });

  it.each([
    [1, 1],
    [1 + 2 ** -8 - 2 ** -20, 1],
    [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
    [-(1 + 2 ** -8 + 2 ** -20), -(1 + 2 ** -7)],
    [1.99999, 2],
    [0, 0],
    [2 ** -130, 2 ** -130],
    [Infinity, Infinity],
  ])("rounds %f to the nearest, %f", (value, rounded) => {
    expect(storeOne(value)).toBe(rounded);
  });

  it("keeps NaN, whatever its bits", () => {
    expect(storeOne(NaN)).toBeNaN();
    for (const bits of [0xffffffff, 0x7fffffff, 0x7f800001, 0xffc00000]) {
      const value = new Float32Array(Uint32Array.of(bits).buffer);
      const store = openActivationStore({
        folder: writeFolder({}),
        taps: ["0.attn_out"],
        hidden: 1,
        counts: [1],
        beforeEnd: [0],
      });
      store.append(1, value);
      expect(valuesOf(store, "0.attn_out")[0]).toBeNaN();
    }
  });

  it("is read in pieces that follow each other, however long it is", () => {
    const hidden = 1024;
    const counts = [1500, 700];
    const store = openActivationStore({
      folder: writeFolder({}),
      taps: ["0.attn_out"],
      hidden,
      counts,
      beforeEnd: [0, 0],
    });
    store.append(
      2,
      Float32Array.from({ length: 2200 * hidden }, (_, at) => Math.floor(at / hidden) % 128),
    );
    let next = 0;
    for (const { first, values } of store.pieces("0.attn_out")) {
      expect(first).toBe(next);
      expect([values[0], values.at(-1)]).toEqual([first % 128, (first + values.length / hidden - 1) % 128]);
      next += values.length / hidden;
    }
    expect(next).toBe(2200);
  });
});

describe("a store that was cut short", () => {
  it("goes on after the rows that were kept, to the same bytes", () => {
    const [whole, parted] = [writeFolder({}), writeFolder({})];
    fill(whole);
    const first = openActivationStore(shapeIn(parted));
    first.append(2, partOf(0, 3));
    first.close();
    // A row was being written when the run ended: one file has a part of it.
    writeFileSync(join(parted, "0.attn_out.bf16"), Buffer.alloc(5, 0x55), { flag: "a" });
    const second = openActivationStore(shapeIn(parted));
    expect(second.done).toBe(2);
    second.append(1, partOf(3, 7));
    second.close();
    expect(bytesOf(parted)).toEqual(bytesOf(whole));
    expect(openActivationStore(shapeIn(parted)).done).toBe(3);
  });

  it.each([
    ["a file is gone", (folder: string) => unlinkSync(join(folder, "1.resid_post.bf16"))],
    ["a file is shorter than what was kept", (folder: string) => truncateSync(join(folder, "0.attn_out.bf16"), 8)],
    ["its progress is no JSON", (folder: string) => writeFileSync(join(folder, "progress.json"), "{")],
    [
      "its progress is of other rows",
      (folder: string) => writeFileSync(join(folder, "progress.json"), '{"rows":2,"of":9}'),
    ],
    [
      "its progress is past the end",
      (folder: string) => writeFileSync(join(folder, "progress.json"), '{"rows":4,"of":3}'),
    ],
  ])("begins anew when %s", (_, spoil) => {
    const folder = writeFolder({});
    fill(folder);
    const before = bytesOf(folder);
    spoil(folder);
    const store = openActivationStore(shapeIn(folder));
    expect(store.done).toBe(0);
    store.append(3, VALUES);
    store.close();
    expect(bytesOf(folder)).toEqual(before);
  });

  it("is not read before it is whole", () => {
    const store = openActivationStore(shapeIn(writeFolder({})));
    store.append(1, partOf(0, 2));
    expect(() => store.pieces("0.attn_out").next()).toThrow("holds 1 of 3 rows");
  });
});

describe("a store that is used wrongly", () => {
  it("refuses positions that are not those of the rows, and keeps what it had", () => {
    const store = openActivationStore(shapeIn(writeFolder({})));
    expect(() => store.append(1, partOf(0, 3))).toThrow("3 positions are not those of 1 rows");
    expect(store.done).toBe(0);
    store.append(3, VALUES);
    expect(valuesOf(store, "0.attn_out").length).toBe(7 * HIDDEN);
  });

  it("refuses a tap that it does not have", () => {
    const folder = writeFolder({});
    fill(folder);
    expect(() => openActivationStore(shapeIn(folder)).pieces("9.mlp_out").next()).toThrow("there is no tap 9.mlp_out");
  });

  it("says how much room it needs on a disk that has too little", () => {
    const folder = writeFolder({});
    const counts = [1e9];
    expect(() => openActivationStore({ folder, taps: TAPS, hidden: 1e5, counts, beforeEnd: [0] })).toThrow(
      /activations need 400000000 MB in .*, \d+ MB are free: free some, set LENSGATE_CACHE_DIR/,
    );
  });
});
