import { randomBytes } from "node:crypto";
import type { RedisHandle } from "./redis.ts";

/**
 * Tells which state of Redis is there: another one after a loss of its data (a key that everyone keeps is gone) and after a
 * restart, which may have cost it the last second. Throws when Redis cannot be reached, and when other gateways seal with
 * another key: what they wrote could not be read, nor what would be written now.
 */
export function createEpoch(redis: RedisHandle, keyId: string): () => Promise<string> {
  const [epochKey, ownerKey] = [`${redis.prefix}:shared:epoch`, `${redis.prefix}:shared:key`];
  return () =>
    redis.attempt("epoch", async (client) => {
      let [epoch, owner] = await client.mget(epochKey, ownerKey);
      if (typeof epoch !== "string" || typeof owner !== "string") {
        await client.set(epochKey, randomBytes(8).toString("hex"), "NX");
        await client.set(ownerKey, keyId, "NX");
        [epoch, owner] = await client.mget(epochKey, ownerKey);
      }
      if (owner !== keyId) throw new Error("other gateways of this Redis seal with another LENSGATE_TRACE_KEY");
      // Some hosts refuse INFO; then the key alone tells.
      const info = await client.info("server").catch(() => "");
      return `${epoch ?? ""}/${/^run_id:(\w+)/m.exec(info)?.[1] ?? ""}`;
    });
}
