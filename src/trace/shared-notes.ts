import type { PumpStep } from "./pump.ts";
import type { RedisHandle } from "./redis.ts";
import type { Sealing } from "./sealing.ts";
import type { Settings } from "./settings.ts";
import type { LogLine } from "./shared-log.ts";
import type { AuditEntry } from "./stores.ts";

/** Whose notes are sent, and where they are read. */
export interface SharedNotesOptions {
  readonly redis: RedisHandle;
  readonly sealing: Sealing;
  readonly settings: Settings;
  readonly gatewayId: string;
  /** This gateway's audit log after a place, oldest first: JSON of `{body}`, itself JSON of an entry. */
  readonly read: (after: number, limit: number) => LogLine[];
}

/** Notes that were written at other gateways. */
export interface SharedNotes {
  /** Entries `note` on a trace, in no order. Throws `GatewayError` `review_unavailable`. */
  list(traceId: string): Promise<AuditEntry[]>;
  /** Lets them go after so many seconds. */
  letGo(traceIds: readonly string[], seconds: number): Promise<void>;
  readonly step: PumpStep;
}

const BATCH = 500;
const SETTING = "shared_notes";

/** Hashes `PREFIX:shared:notes:TRACE`, a field for each note: `GATEWAY:PLACE`. Sending one again changes nothing. */
export function createSharedNotes({ redis, sealing, settings, gatewayId, read }: SharedNotesOptions): SharedNotes {
  const keyOf = (traceId: string) => `${redis.prefix}:shared:notes:${traceId}`;
  const contextOf = (traceId: string, field: string) => `shared note ${traceId} ${field}`;

  async function send(lines: readonly LogLine[]): Promise<void> {
    const notes = lines.flatMap(({ sequence, body }) => {
      const text = (JSON.parse(body) as { readonly body: string }).body;
      const { event, traceId } = JSON.parse(text) as AuditEntry;
      return event === "note" && traceId !== null ? [{ traceId, field: `${gatewayId}:${sequence}`, text }] : [];
    });
    if (notes.length === 0) return;
    await redis.attempt("notes", async (client) => {
      const pipeline = client.pipeline();
      for (const { traceId, field, text } of notes)
        pipeline.hset(keyOf(traceId), field, sealing.seal(text, contextOf(traceId, field)));
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
    });
  }

  function open(traceId: string, [field, sealed]: [string, string]): AuditEntry[] {
    if (field.startsWith(`${gatewayId}:`)) return [];
    try {
      return [JSON.parse(sealing.open(sealed, contextOf(traceId, field))) as AuditEntry];
    } catch {
      // None of a gateway with this key.
      return [];
    }
  }

  return {
    async list(traceId) {
      const found = await redis.attempt("notes", (client) => client.hgetall(keyOf(traceId)));
      return Object.entries(found).flatMap((each) => open(traceId, each));
    },
    async letGo(traceIds, seconds) {
      await redis.attempt("let-go", async (client) => {
        const pipeline = client.pipeline();
        for (const id of traceIds) pipeline.expire(keyOf(id), seconds);
        await pipeline.exec();
      });
    },
    step: createStep(settings, read, send),
  };
}

/** Sends what is new; to another state of Redis, everything. */
function createStep(
  settings: Settings,
  read: SharedNotesOptions["read"],
  send: (lines: readonly LogLine[]) => Promise<void>,
): PumpStep {
  return {
    name: "notes",
    async run(epoch) {
      const [knownEpoch = "", known = "0"] = settings.get(SETTING)?.split(" ") ?? [];
      let place = knownEpoch === epoch ? Number(known) : 0;
      for (;;) {
        const lines = read(place, BATCH);
        await send(lines);
        place = lines.at(-1)?.sequence ?? place;
        if (lines.length > 0 || knownEpoch !== epoch) settings.set(SETTING, `${epoch} ${place}`);
        if (lines.length < BATCH) return;
      }
    },
  };
}
