import { expect, it } from "vitest";
import { readGguf } from "../../src/model/gguf.ts";
import { requiredTensors } from "../../src/model/required-tensors.ts";
import { openVendored } from "../support/prepared-model.ts";
import { VENDORED_GGUF } from "../support/vendored-model.ts";

it("lists exactly the tensors and shapes of the vendored model", async () => {
  const { manifest } = await openVendored("fast");
  const file = await readGguf(VENDORED_GGUF);
  const held = new Map(file.tensors.map(({ name, shape }) => [name, shape]));
  expect(requiredTensors(manifest.architecture)).toEqual(held);
});

it("asks for an unembedding only where it is not the embedding", async () => {
  const { architecture } = (await openVendored("fast")).manifest;
  expect(requiredTensors(architecture).has("output.weight")).toBe(false);
  expect(requiredTensors({ ...architecture, tied: false }).get("output.weight")).toEqual([49_152, 576]);
});
