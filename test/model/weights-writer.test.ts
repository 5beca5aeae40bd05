import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createWeightsWriter } from "../../src/model/weights-writer.ts";
import { writeFolder } from "../support/folder.ts";

it("writes tensors on 64-byte borders and says where each lies", () => {
  const path = join(writeFolder({}), "weights.bin");
  const writer = createWeightsWriter(path);
  writer.write("bytes", [1, 5], Uint8Array.of(1, 2, 3, 4, 5));
  // A view into a larger array: only what it shows is written.
  writer.write("floats", [2], Float32Array.of(9, 1.5, -2, 9).subarray(1, 3));
  expect(writer.index()).toEqual({
    bytes: { element: "uint8", dims: [1, 5], offset: 0, length: 5 },
    floats: { element: "float32", dims: [2], offset: 64, length: 8 },
  });
  const { bytes, sha256 } = writer.finish();
  const written = readFileSync(path);
  expect(bytes).toBe(72);
  expect(written).toEqual(
    Buffer.concat([Buffer.of(1, 2, 3, 4, 5), Buffer.alloc(59), Buffer.from(Float32Array.of(1.5, -2).buffer)]),
  );
  expect(sha256).toBe(createHash("sha256").update(written).digest("hex"));
});

it("never writes into a file that is there", () => {
  const folder = writeFolder({ "weights.bin": "precious" });
  expect(() => createWeightsWriter(join(folder, "weights.bin"))).toThrow(/EEXIST/);
  expect(readFileSync(join(folder, "weights.bin"), "utf8")).toBe("precious");
});

it("takes nothing more once it is abandoned", () => {
  const writer = createWeightsWriter(join(writeFolder({}), "weights.bin"));
  writer.abandon();
  expect(() => writer.write("late", [1], Uint8Array.of(1))).toThrow(/EBADF/);
});
