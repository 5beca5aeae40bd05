import type { Vocabulary } from "./vocabulary.ts";
import { isAdded, isVisible } from "./vocabulary.ts";

/** The bytes that a token stands for in a reply. */
export interface TokenBytes {
  /** Empty for control, unknown and unused tokens, and for ids outside the vocabulary: they never show in a reply. Do not write into it. */
  bytesOf(id: number): Uint8Array;
}

// GPT-2's byte alphabet: printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards.
const LETTER_OF_BYTE: readonly string[] = createAlphabet();
const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(LETTER_OF_BYTE.map((letter, byte) => [letter, byte]));
const encoder = new TextEncoder();

function createAlphabet(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    if (printable) return String.fromCharCode(byte);
    next += 1;
    return String.fromCharCode(next - 1);
  });
}

/** `" the"` → `"Ġthe"`: a text's UTF-8 bytes in the byte alphabet, as the vocabulary's pieces are written. */
export function pieceOfText(text: string): string {
  return Array.from(encoder.encode(text), (byte) => LETTER_OF_BYTE[byte]).join("");
}

/** `"Ġthe"` → the bytes of `" the"`. A piece with a letter outside the alphabet stands for its own UTF-8 bytes. */
export function bytesOfPiece(piece: string): Uint8Array {
  const bytes = Array.from(piece, (letter) => BYTE_OF_LETTER.get(letter));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(piece);
}

/** Spells each token when it is asked for: a table of them all would take 12 MB. */
export function createTokenBytes(vocabulary: Vocabulary): TokenBytes {
  const empty = new Uint8Array();
  return {
    bytesOf(id) {
      const piece = vocabulary.pieces[id];
      if (piece === undefined || !isVisible(vocabulary, id)) return empty;
      return isAdded(vocabulary, id) ? encoder.encode(piece) : bytesOfPiece(piece);
    },
  };
}

/** Turns ids into text as they come, whole characters only. One for each reply. */
export interface Detokeniser {
  /** The text that is complete now; `""` while a character is split. Bytes that can never become a character show as U+FFFD. */
  push(id: number): string;
  /** What is left at the end: a split character shows as U+FFFD. */
  flush(): string;
  /** Bytes of a split character that wait for the rest, 0 to 3. */
  pending(): number;
}

/** Starts at the beginning of a reply, with nothing pending. */
export function createDetokeniser(tokens: TokenBytes): Detokeniser {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = new Uint8Array();
  return {
    push(id) {
      const fresh = tokens.bytesOf(id);
      const bytes = new Uint8Array(rest.length + fresh.length);
      bytes.set(rest);
      bytes.set(fresh, rest.length);
      const whole = bytes.length - splitBytes(bytes);
      rest = bytes.slice(whole);
      return decoder.decode(bytes.subarray(0, whole));
    },
    flush() {
      const text = decoder.decode(rest);
      rest = new Uint8Array();
      return text;
    },
    pending: () => rest.length,
  };
}

// How many bytes at the end begin a UTF-8 sequence that needs more bytes than there are.
function splitBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed =
      byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}
