import type { AuditEntry } from "../trace/stores.ts";
import type { TrailPlaces } from "../trace/shared-trail.ts";
import type { ReviewParts } from "./desk.ts";

/** What is asked for: a page of everything, or of one trace. */
export interface TrailQuery {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly traceId?: string | undefined;
}

/** Entries with where they were made; those without a gateway are this one's. */
export interface TrailPage {
  readonly entries: readonly { readonly gateway?: string; readonly sequence: number; readonly entry: AuditEntry }[];
  /** `before` of the page with older ones; null when there is none. */
  readonly older: string | null;
  /** This gateway, where there may be others' entries. */
  readonly gateway?: string;
  /** Others may have entries, and Redis does not answer. */
  readonly isPartial?: true;
}

/**
 * A page of the trail of every gateway; this one's alone where there are no others, for one trace, and while Redis is away.
 * Throws `GatewayError` `review_unavailable` when Redis goes away between two pages.
 */
export async function readTrail(parts: Pick<ReviewParts, "audit" | "trail">, query: TrailQuery): Promise<TrailPage> {
  const { trail } = parts;
  const { limit, before, traceId } = query;
  const isOwn = before !== undefined && !before.includes(":");
  if (trail === undefined || traceId !== undefined || isOwn) return readOwn(parts, query);
  const places = before === undefined ? {} : { before: parsePlaces(before) };
  try {
    const page = await trail.page({ limit, ...places });
    return { entries: page.entries, older: formatPlaces(page.before), gateway: trail.gateway };
  } catch (error) {
    if (before !== undefined) throw error;
    return { ...(await readOwn(parts, query)), isPartial: true };
  }
}

async function readOwn(
  { audit }: Pick<ReviewParts, "audit">,
  { limit, before, traceId }: TrailQuery,
): Promise<TrailPage> {
  const entries = await audit.list({
    limit,
    ...(before === undefined ? {} : { before: Number(before.split(":").at(-1)) }),
    ...(traceId === undefined ? {} : { traceId }),
  });
  return { entries, older: entries.length < limit ? null : String(entries.at(-1)?.sequence) };
}

function parsePlaces(text: string): TrailPlaces {
  return new Map(text.split(",").map((each) => [each.slice(0, 16), Number(each.slice(17))]));
}

function formatPlaces(places: TrailPlaces): string | null {
  return places.size === 0 ? null : [...places].map(([gateway, place]) => `${gateway}:${place}`).join(",");
}
