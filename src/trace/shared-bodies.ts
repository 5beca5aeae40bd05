import type { RedisHandle } from "./redis.ts";
import type { Sealing } from "./sealing.ts";
import type { Trace } from "./trace.ts";

/** Sealed traces and re-reads in Redis, for the consoles of other gateways. Calls throw `GatewayError` `review_unavailable`. */
export interface SharedBodies {
  putTrace(trace: Trace): Promise<void>;
  getTrace(traceId: string): Promise<Trace | undefined>;
  putEnrichment(traceId: string, body: string): Promise<void>;
  getEnrichment(traceId: string): Promise<string | undefined>;
  /** Lets them go after a while: what has its verdict stays on the disk of its own gateway. */
  letGo(traceIds: readonly string[]): Promise<void>;
  /** Removes both now. */
  remove(traceId: string): Promise<void>;
}

/** How long Redis keeps what has its verdict. */
export const DECIDED_SECONDS = 30 * 24 * 3_600;

/** Bodies under `PREFIX:shared:trace:ID` and `PREFIX:shared:enrichment:ID`. */
export function createSharedBodies(redis: RedisHandle, sealing: Sealing): SharedBodies {
  const keyOf = (kind: "trace" | "enrichment", id: string) => `${redis.prefix}:shared:${kind}:${id}`;
  const contextOf = (kind: "trace" | "enrichment", id: string) => `shared ${kind} ${id}`;

  async function put(kind: "trace" | "enrichment", id: string, body: string): Promise<void> {
    const sealed = sealing.seal(body, contextOf(kind, id));
    await redis.attempt(kind, (client) => client.set(keyOf(kind, id), sealed));
  }
  async function get(kind: "trace" | "enrichment", id: string): Promise<string | undefined> {
    const sealed = await redis.attempt(kind, (client) => client.get(keyOf(kind, id)));
    return sealed === null ? undefined : sealing.open(sealed, contextOf(kind, id));
  }

  return {
    putTrace: (trace) => put("trace", trace.head.id, JSON.stringify(trace)),
    async getTrace(traceId) {
      const body = await get("trace", traceId);
      return body === undefined ? undefined : (JSON.parse(body) as Trace);
    },
    putEnrichment: (traceId, body) => put("enrichment", traceId, body),
    getEnrichment: (traceId) => get("enrichment", traceId),
    async remove(traceId) {
      await redis.attempt("remove", (client) => client.del(keyOf("trace", traceId), keyOf("enrichment", traceId)));
    },
    async letGo(traceIds) {
      await redis.attempt("let-go", async (client) => {
        const pipeline = client.pipeline();
        for (const id of traceIds) {
          for (const kind of ["trace", "enrichment"] as const) pipeline.expire(keyOf(kind, id), DECIDED_SECONDS);
        }
        await pipeline.exec();
      });
    },
  };
}
