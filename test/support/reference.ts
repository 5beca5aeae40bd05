import { readFileSync } from "node:fs";

/** Reads a JSON fixture that scripts/reference/ recorded; the path is relative to test/fixtures. */
export function readFixture<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8")) as T;
}

/** Reads a fixture of little-endian float32 numbers; the path is relative to test/fixtures. */
export function readFloats(path: string): Float32Array {
  const bytes = readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** `reference/taps.json`: the shapes of `taps.f32` [prompts, layers × 4, hidden] and `logits.f32` [prompts, vocabulary], both of the last position. */
export interface TapFixture {
  readonly taps: readonly [number, number, number];
  readonly logits: readonly [number, number];
  readonly prompts: readonly { readonly text: string; readonly ids: number[] }[];
}

/** `reference/tokens.json`: lines with the ids of their text, and with special tokens parsed; `other` has the ids under other pre-tokenizers. */
export interface TokenFixture {
  readonly lines: readonly { readonly text: string; readonly ids: number[]; readonly parsed: number[] }[];
  readonly other: Readonly<Record<string, readonly number[][]>>;
}

/** `reference/chats.json`: conversations as the model's template and a trimming one render them, ids for the first. */
export interface ChatFixture {
  readonly trimmingTemplate: string;
  readonly chats: readonly {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly text: string;
    readonly ids: number[];
    readonly trimmed: string;
  }[];
}
