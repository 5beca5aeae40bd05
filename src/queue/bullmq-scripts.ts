import { createHash } from "node:crypto";
import type { RedisClient } from "../trace/redis.ts";
import { ADMIT, PLACE } from "./bullmq-admission.ts";
import { LUA, SHARED } from "./bullmq-lua.ts";
import { CLEAR, REMOVE } from "./bullmq-removal.ts";

/** A script's arguments after the two key prefixes, and what it answers. */
export type Script = (client: RedisClient, ...values: readonly (string | number)[]) => Promise<unknown>;

type ScriptName = keyof typeof LUA | "admit" | "place" | "remove" | "clear";

/** The scripts of one queue; `bull` and `desk` are what their keys begin with. */
export function prepareScripts(bull: string, desk: string): Record<ScriptName, Script> {
  const script = (lua: string): Script => {
    const text = SHARED + lua;
    const hash = createHash("sha1").update(text).digest("hex");
    return async (client, ...values) => {
      try {
        return await client.evalsha(hash, 2, bull, desk, ...values);
      } catch (error) {
        // A Redis that was restarted or flushed has forgotten it.
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return client.eval(text, 2, bull, desk, ...values);
      }
    };
  };
  return {
    admit: script(ADMIT),
    place: script(PLACE),
    claim: script(LUA.claim),
    extend: script(LUA.extend),
    giveBack: script(LUA.giveBack),
    settle: script(LUA.settle),
    reopen: script(LUA.reopen),
    get: script(LUA.get),
    page: script(LUA.page),
    stats: script(LUA.stats),
    remove: script(REMOVE),
    clear: script(CLEAR),
  };
}
