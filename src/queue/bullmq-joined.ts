import type { RedisClient } from "../trace/redis.ts";
import { isFlood, type Joined } from "./queue.ts";

const STEP = 500;

/** Those of the traces that joined another's item; `desk` is what the keys of the queue begin with. */
export async function readJoined(
  client: RedisClient,
  desk: string,
  traceIds: readonly string[],
): Promise<Map<string, Joined>> {
  const owners = new Map<string, string>();
  for (let from = 0; from < traceIds.length; from += STEP) {
    const ids = traceIds.slice(from, from + STEP);
    const found = await client.hmget(`${desk}member-of`, ...ids);
    ids.forEach((id, index) => {
      const owner = found[index] ?? id;
      if (owner !== id) owners.set(id, owner);
    });
  }
  const items = [...new Set(owners.values())];
  const repetitions = new Map<string, string>();
  for (let from = 0; from < items.length; from += STEP) {
    const pipeline = client.pipeline();
    const ids = items.slice(from, from + STEP);
    for (const id of ids) pipeline.hget(`${desk}item:${id}`, "repetition");
    const answers = (await pipeline.exec()) ?? [];
    answers.forEach(([error, repetition], index) => {
      if (error !== null) throw error;
      if (typeof repetition === "string") repetitions.set(ids[index] ?? "", repetition);
    });
  }
  return new Map(
    [...owners].flatMap(([id, item]) => {
      const repetition = repetitions.get(item);
      return repetition === undefined ? [] : [[id, { item, alike: !isFlood({ repetition }) }] as const];
    }),
  );
}
