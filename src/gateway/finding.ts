import { createRequestFinder, type RequestFinder } from "../review/request-finder.ts";
import { findTracesHere } from "../trace/request-lookup.ts";
import type { Desk } from "./desk.ts";
import type { LocalStores } from "./local-stores.ts";
import type { RecordsConfig } from "./records.ts";

/** Where requests are looked for. */
export interface FindingParts {
  readonly local: LocalStores;
  readonly desk: Desk;
  readonly review: RecordsConfig["review"];
}

/** Finds requests of every gateway of the desk: others' by the score rows that are copied here before a look. */
export function createFinding({ local, desk, review }: FindingParts): RequestFinder {
  const { scores, traces, queue, decisions } = desk;
  return createRequestFinder({
    scores,
    traces,
    queue,
    decisions,
    tracesHere: (requestId) => findTracesHere(local, requestId),
    isErased: local.erasures.isErased,
    gatewayId: local.gatewayId,
    blind: review.blind,
  });
}
