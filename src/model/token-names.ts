import { bytesOfPiece } from "./token-bytes.ts";
import { isAdded, type Vocabulary } from "./vocabulary.ts";

/** Text of a token for display: a part of a character shows as U+FFFD, a special token under its name. Throws a `RangeError` for an id outside the vocabulary. */
export function createTokenNames(vocabulary: Vocabulary): (id: number) => string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (id) => {
    const piece = vocabulary.pieces[id];
    if (piece === undefined)
      throw new RangeError(`token ${id} is outside the vocabulary of ${vocabulary.pieces.length}`);
    return isAdded(vocabulary, id) ? piece : decoder.decode(bytesOfPiece(piece));
  };
}
