import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { FORMAT_VERSION, MANIFEST_FILE, WEIGHTS_FILE } from "../../src/model/prepared.ts";
import { openVendored } from "../support/prepared-model.ts";

it.each(["fast", "exact"] as const)(
  "a prepared model's tensors fill the weights file without overlap (%s)",
  async (precision) => {
    const { folder, manifest } = await openVendored(precision);
    let end = 0;
    for (const { element, dims, offset, length } of Object.values(manifest.tensors)) {
      expect(offset).toBe(Math.ceil(end / 64) * 64);
      expect(length).toBe(dims.reduce((product, size) => product * size, element === "float32" ? 4 : 1));
      end = offset + length;
    }
    expect(end).toBe(manifest.weightsBytes);
    expect(statSync(join(folder, WEIGHTS_FILE)).size).toBe(end);
  },
);

it("a prepared model's folder is named after model, hash, precision and format version", async () => {
  const { folder, manifest } = await openVendored("fast");
  expect(basename(folder)).toBe(
    `${manifest.name}-${manifest.sourceSha256.slice(0, 16)}-${manifest.precision}-v${FORMAT_VERSION}`,
  );
  expect(readdirSync(folder).toSorted()).toEqual([MANIFEST_FILE, WEIGHTS_FILE]);
});
