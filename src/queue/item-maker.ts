import type { FlagEvidence } from "../engine/engine.ts";
import type { Logger } from "../log.ts";
import type { Trace } from "../trace/trace.ts";
import { floodOf, type ReviewItem } from "./queue.ts";
import { reviewItemOf, shareOf } from "./review-item.ts";

/** What the items of one gateway depend on. */
export interface ItemMakerOptions {
  /** A keyed hash: no one without the key can tell which text a repetition stands for. */
  readonly digest: (...parts: readonly string[]) => string;
  /** New items per API key and minute. */
  readonly newItemsPerMinute: number;
  /** Share of flagged items that are shown without scores, 0 to 1. */
  readonly blind: number;
  readonly log: Pick<Logger, "warn">;
}

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
/** Minutes of which the items are counted: a trace is made into an item when its run ends, minutes after its creation. */
const MINUTES_KEPT = 30;

/**
 * Makes the review item of a trace, to be kept as it is: a second call may give another repetition. Traces whose first
 * evidence is of the same detector after the same text join one item; so do, by key, detector and hour, those above the
 * bound of new items a minute. Alike are only traces with the same action.
 */
export function createItemMaker(options: ItemMakerOptions): (trace: Trace) => ReviewItem {
  const { digest, log } = options;
  const counted = createCounts(options.newItemsPerMinute);

  function repetitionOf(trace: Trace, first: FlagEvidence): string {
    const { createdAt, keyId } = trace.head;
    // A reply that was stopped does not hide behind one that was only flagged.
    const { detector, action } = reviewItemOf(trace);
    const alike = digest("repetition", detector, action, ...prefixOf(trace, first));
    const minute = Math.floor(createdAt / MINUTE_MS);
    const place = counted(JSON.stringify(keyId), minute, alike);
    if (place === "fits") return alike;
    if (place === "first too many")
      log.warn(
        { keyId, perMinute: options.newItemsPerMinute },
        "more is flagged than may become items; the rest of this minute joins one item a detector",
      );
    const hour = String(Math.floor(createdAt / HOUR_MS));
    return floodOf(digest("flood", JSON.stringify(keyId), detector, hour));
  }

  return (trace) => {
    const [first] = trace.evidence;
    const blind = shareOf(trace.head.id, "blind") < options.blind;
    return reviewItemOf(trace, { blind, ...(first === undefined ? {} : { repetition: repetitionOf(trace, first) }) });
  };
}

/** The text up to the firing: the conversation, and what was generated when it fired. */
function prefixOf({ head }: Trace, { finding, generated }: FlagEvidence): string[] {
  const turns = head.conversation.flatMap(({ role, content }) => [role, content]);
  const read = head.promptTokens === undefined ? generated.length : finding.position - head.promptTokens + 1;
  const ids = generated.slice(0, Math.max(0, read)).map(({ id }) => id);
  // What was taken out before it was stored still tells texts apart.
  return [
    head.model.sha256,
    ...turns,
    ...(head.redacted === undefined ? [] : [head.redacted.digest]),
    JSON.stringify(ids),
  ];
}

/** Counts different repetitions by key and minute. */
function createCounts(perMinute: number) {
  const minutes = new Map<number, Map<string, Set<string>>>();
  let newest = 0;
  return (key: string, minute: number, repetition: string): "fits" | "first too many" | "too many" => {
    if (minute > newest) {
      newest = minute;
      for (const old of minutes.keys()) if (old <= newest - MINUTES_KEPT) minutes.delete(old);
    }
    const keys = minutes.get(minute) ?? new Map<string, Set<string>>();
    minutes.set(minute, keys);
    const seen = keys.get(key) ?? new Set<string>();
    keys.set(key, seen);
    if (seen.has(repetition)) return "fits";
    if (seen.size < perMinute) {
      seen.add(repetition);
      return "fits";
    }
    if (seen.size > perMinute) return "too many";
    // One more, so that the warning comes once.
    seen.add("");
    return "first too many";
  };
}
