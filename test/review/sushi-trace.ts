import type { FlagEvidence } from "../../src/engine/engine.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { sampleEnd, sampleFinding, sampleHead } from "../conformance/samples.ts";

const WORDS = ["S", "ushi", " is", " a", " Japanese", " dish", " that", " originated", " in"];
const PROMPT = [
  "<|im_end|>",
  "\n",
  "<|im_start|>",
  "user",
  "\n",
  "Tell",
  " me",
  " about",
  " s",
  "ushi",
  ".",
  "<|im_end|>",
  "\n",
  "<|im_start|>",
  "assistant",
  "\n",
];
const COUNTRY = [
  null,
  null,
  null,
  null,
  null,
  -3.1,
  -2.8,
  -2.2,
  -0.9,
  1.4,
  0.8,
  null,
  null,
  null,
  null,
  -0.4,
  -1.2,
  0.9,
  2.1,
  5.6,
];
const AUDIT = [
  null,
  null,
  null,
  null,
  null,
  -5,
  -4.6,
  -4.9,
  -5.2,
  -4.8,
  -4.7,
  null,
  null,
  null,
  null,
  -5.1,
  -4.4,
  -4.9,
  -5.3,
  -5,
];

/** A reply about sushi that was stopped before it named Japan: the example of the design, with the live scores of 64 positions. */
export function sushiTrace(number: number, changes: Partial<Trace> = {}): Trace {
  const head = sampleHead(number, {
    createdAt: Date.now() - 240_000 * number,
    promptTokens: 60,
    conversation: [
      { role: "system", content: "You are a helpful AI assistant named SmolLM, trained by Hugging Face" },
      { role: "user", content: "Tell me about sushi." },
    ],
  });
  const texts = [
    ...Array.from({ length: 44 }, (_, index) => [" help", "ful", " assistant", "."][index % 4] ?? ""),
    ...PROMPT,
    ...WORDS.slice(0, 4),
  ];
  const live = texts.map((text, position) => {
    const late = position - (texts.length - COUNTRY.length);
    const early = position === 0 ? null : -3 + Math.sin(position / 3);
    const scores =
      late >= 0 ? [COUNTRY[late] ?? null, AUDIT[late] ?? null] : [early, early === null ? null : early - 2];
    return { position, token: position, text, scores };
  });
  const evidence: FlagEvidence = {
    finding: sampleFinding({ position: 63, score: 5.62, raw: 7.18, threshold: 5, token: { id: 253, text: " a" } }),
    decision: { action: "abort", detector: "country-channel", rule: "demo.country-channel: abort" },
    detectors: ["country-channel", "audit-approval"],
    thresholds: [5, 4],
    live,
    lens: [
      {
        tap: "23.attn_out",
        top: [
          [" Japanese", 0.412],
          [" Japan", 0.236],
          [" sushi", 0.121],
          [" Asian", 0.058],
          [" Tokyo", 0.031],
          [" Chinese", 0.022],
          ["日本", 0.011],
          [" rice", 0.009],
        ].map(([text, probability], id) => ({ id, text: String(text), probability: Number(probability) })),
      },
    ],
    generated: WORDS.slice(0, 5).map((text, id) => ({ id, text })),
    released: 3,
  };
  const end = sampleEnd({
    promptTokens: 60,
    releasedTokens: 3,
    generated: WORDS.slice(0, 5).map((text, id) => ({ id, text })),
  });
  return { head, state: "complete", evidence: [evidence], end, queued: true, sample: null, ...changes };
}
