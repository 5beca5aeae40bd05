import type { SharedLog } from "./shared-log.ts";
import type { AuditEntry, AuditLog } from "./stores.ts";

/** An entry of one gateway's audit log. */
export interface TrailEntry {
  readonly gateway: string;
  readonly sequence: number;
  readonly entry: AuditEntry;
}

/** By gateway, the place before which its entries are wanted. */
export type TrailPlaces = ReadonlyMap<string, number>;

/** The audit logs of all gateways with one Redis. */
export interface SharedTrail {
  /** This gateway. */
  readonly gateway: string;
  /** Newest first, with the places to go on from: none when that was all. Throws `GatewayError` `review_unavailable`. */
  page(options: {
    readonly limit: number;
    readonly before?: TrailPlaces;
  }): Promise<{ readonly entries: TrailEntry[]; readonly before: TrailPlaces }>;
}

/** What a trail is put together from. */
export interface SharedTrailOptions {
  readonly log: Pick<SharedLog, "gateways" | "readBack">;
  /** This gateway's own log: it has what is not sent yet. */
  readonly local: Pick<AuditLog, "list">;
  readonly gateway: string;
}

const MOST_GATEWAYS = 200;

/** Reads the newest entries of each and puts them together by time; those of one gateway stay in its order. */
export function createSharedTrail({ log, local, gateway: own }: SharedTrailOptions): SharedTrail {
  async function newest(gateway: string, before: number, limit: number): Promise<TrailEntry[]> {
    if (gateway === own) {
      const found = await local.list({ limit, before });
      return found.map(({ sequence, entry }) => ({ gateway, sequence, entry }));
    }
    return (await log.readBack(gateway, before, limit)).flatMap(({ sequence, body }) => {
      const { body: text } = JSON.parse(body) as { readonly body: string };
      return [{ gateway, sequence, entry: JSON.parse(text) as AuditEntry }];
    });
  }
  return {
    gateway: own,
    async page({ limit, before }) {
      const known = (await log.gateways()).filter((each) => /^[0-9a-f]{16}$/.test(each));
      const gateways = [...new Set([own, ...known.toSorted()])].slice(0, MOST_GATEWAYS);
      const places = new Map(gateways.map((each) => [each, before?.get(each) ?? Number.MAX_SAFE_INTEGER]));
      const heads = await Promise.all([...places].map(([each, place]) => newest(each, place, limit)));
      const entries = mergeNewest(heads, limit);
      for (const { gateway, sequence } of entries) places.set(gateway, sequence);
      return { entries, before: entries.length < limit ? new Map() : places };
    },
  };
}

function mergeNewest(heads: readonly TrailEntry[][], limit: number): TrailEntry[] {
  const next = heads.map(() => 0);
  const merged: TrailEntry[] = [];
  while (merged.length < limit) {
    let [best, at] = [-1, Number.NEGATIVE_INFINITY];
    heads.forEach((head, index) => {
      const candidate = head[next[index] ?? 0];
      if (candidate !== undefined && candidate.entry.at > at) [best, at] = [index, candidate.entry.at];
    });
    const found = heads[best]?.[next[best] ?? 0];
    if (found === undefined) return merged;
    merged.push(found);
    next[best] = (next[best] ?? 0) + 1;
  }
  return merged;
}
