import { createHash } from "node:crypto";
import { makeTinyGguf, TINY } from "./tiny-model.ts";

const hashOf = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

/** Lens files of the tiny model: made-up averages, small enough to move its lens a little. */
export function makeTinyStatistics(): Record<"statistics.bin" | "statistics.json", string | Uint8Array> {
  const taps = 4 * TINY.layers;
  const values = Float32Array.from({ length: 2 * taps * TINY.hidden }, (_, index) => Math.sin(index * 0.7) / 10); // [2, taps, hidden]
  const bytes = new Uint8Array(values.buffer);
  const description = {
    description: "made up",
    text: "none",
    text_sha256: "0".repeat(64),
    tokens: 1,
    precision: "fast",
    model_sha256: hashOf(makeTinyGguf()),
    shape: [2, taps, TINY.hidden],
    sha256: hashOf(bytes),
  };
  return { "statistics.bin": bytes, "statistics.json": JSON.stringify(description) };
}
