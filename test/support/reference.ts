import { readFileSync } from "node:fs";

/** Reads a JSON fixture that scripts/reference/ recorded; the path is relative to test/fixtures. */
export function readFixture<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8")) as T;
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
