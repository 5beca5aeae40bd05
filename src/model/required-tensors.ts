import type { Architecture } from "./architecture.ts";

/** Every tensor that a model of this architecture must hold, with its shape: `[rows, columns]` or `[columns]`. */
export function requiredTensors(architecture: Architecture): ReadonlyMap<string, readonly number[]> {
  const { layers, hidden, heads, kvHeads, headDim, feedForward, vocabulary, tied } = architecture;
  const tensors = new Map<string, readonly number[]>([
    ["token_embd.weight", [vocabulary, hidden]],
    ["output_norm.weight", [hidden]],
  ]);
  if (!tied) tensors.set("output.weight", [vocabulary, hidden]);
  const block: Readonly<Record<string, readonly number[]>> = {
    attn_norm: [hidden],
    attn_q: [heads * headDim, hidden],
    attn_k: [kvHeads * headDim, hidden],
    attn_v: [kvHeads * headDim, hidden],
    attn_output: [hidden, heads * headDim],
    ffn_norm: [hidden],
    ffn_gate: [feedForward, hidden],
    ffn_up: [feedForward, hidden],
    ffn_down: [hidden, feedForward],
  };
  for (let layer = 0; layer < layers; layer += 1) {
    for (const [part, shape] of Object.entries(block)) tensors.set(`blk.${layer}.${part}.weight`, shape);
  }
  return tensors;
}
