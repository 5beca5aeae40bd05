import { describe, expect, it } from "vitest";
import { CAPACITY_STEP, createSlot, type Slot } from "../../src/model/slot.ts";
import { TINY } from "../support/tiny-model.ts";

const { layers, kvHeads, headDim } = { ...TINY, kvHeads: 2 };
const WIDTH = 2 * layers * kvHeads * headDim;
const open = () => createSlot({ ...ARCHITECTURE, kvHeads });
const ARCHITECTURE = {
  ...TINY,
  family: "llama" as const,
  trainedContext: 2048,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tied: true,
};

// Every number says where it belongs: position, then its place in the row.
function freshRows(from: number, count: number): Float32Array {
  return Float32Array.from(
    { length: count * WIDTH },
    (_, index) => (from + Math.floor(index / WIDTH)) * 1000 + (index % WIDTH),
  );
}

// What the cache holds for a position, in the order of a fresh row.
function readRow(slot: Slot, position: number): number[] {
  return Array.from({ length: layers }, (_, layer) => ["k", "v"].map((part) => `past.${layer}.${part}`))
    .flat()
    .flatMap((name) => {
      const data = slot.inputs[name]?.tensor.data as Float32Array; // [kvHeads, capacity, headDim]
      return Array.from({ length: kvHeads }, (_, head) => {
        const start = (head * slot.capacity + position) * headDim;
        return Array.from(data.subarray(start, start + headDim));
      }).flat();
    });
}

describe("a slot", () => {
  it("begins empty, with one step of room and an input for the keys and values of every layer", () => {
    const slot = open();
    expect([slot.length, slot.capacity]).toEqual([0, CAPACITY_STEP]);
    expect(Object.keys(slot.inputs)).toEqual(["past.0.k", "past.0.v", "past.1.k", "past.1.v"]);
    expect(slot.inputs["past.1.v"]?.tensor.dims).toEqual([1, kvHeads, CAPACITY_STEP, headDim]);
  });

  it("puts every head's keys and values of a new position in their place", () => {
    const slot = open();
    slot.append(freshRows(0, 3), 3);
    slot.append(freshRows(3, 1), 1);
    expect(slot.length).toBe(4);
    for (const position of [0, 2, 3]) expect(readRow(slot, position)).toEqual(Array.from(freshRows(position, 1)));
    expect(readRow(slot, 4).every((value) => value === 0)).toBe(true);
  });

  it("keeps what it holds when it grows, in whole steps", () => {
    const slot = open();
    slot.append(freshRows(0, 200), 200);
    slot.reserve(CAPACITY_STEP);
    expect(slot.capacity).toBe(CAPACITY_STEP);
    slot.reserve(2 * CAPACITY_STEP + 1);
    expect([slot.capacity, slot.length]).toEqual([3 * CAPACITY_STEP, 200]);
    expect(slot.inputs["past.0.k"]?.tensor.dims).toEqual([1, kvHeads, 3 * CAPACITY_STEP, headDim]);
    slot.append(freshRows(200, 100), 100);
    for (const position of [0, 199, 200, 299])
      expect(readRow(slot, position)).toEqual(Array.from(freshRows(position, 1)));
  });

  it("writes anew after what truncating left", () => {
    const slot = open();
    slot.append(freshRows(0, 5), 5);
    slot.truncate(9);
    expect(slot.length).toBe(5);
    slot.truncate(2);
    slot.append(freshRows(70, 1), 1);
    expect(slot.length).toBe(3);
    expect(readRow(slot, 1)).toEqual(Array.from(freshRows(1, 1)));
    expect(readRow(slot, 2)).toEqual(Array.from(freshRows(70, 1)));
  });

  it("gives its memory back when it is cleared", () => {
    const slot = open();
    slot.reserve(1000);
    slot.append(freshRows(0, 1), 1);
    slot.clear();
    expect([slot.length, slot.capacity]).toEqual([0, CAPACITY_STEP]);
  });

  it("grows up to its context in whole steps, and not past it", () => {
    const slot = createSlot({ ...ARCHITECTURE, kvHeads }, CAPACITY_STEP + 1);
    slot.append(freshRows(0, 2), 2);
    slot.reserve(2 * CAPACITY_STEP);
    expect(() => slot.reserve(2 * CAPACITY_STEP + 1)).toThrow(/513 positions do not fit a slot of 512/);
    expect([slot.capacity, slot.length]).toEqual([2 * CAPACITY_STEP, 2]);
    expect(readRow(slot, 1)).toEqual(Array.from(freshRows(1, 1)));
  });

  it("refuses rows that do not fit, and stays as it was", () => {
    const slot = open();
    expect(() => slot.append(freshRows(0, 2), 3)).toThrow(/are not 3 positions of 256/);
    expect(() => slot.append(freshRows(0, 257), 257)).toThrow(/257 positions do not fit a cache of 256/);
    expect(slot.length).toBe(0);
  });
});
