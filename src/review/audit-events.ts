import type { Logger } from "../log.ts";
import type { AuditEntry, AuditLog } from "../trace/stores.ts";

/** What noting an event needs. */
export interface EventParts {
  readonly audit: Pick<AuditLog, "add">;
  readonly log: Pick<Logger, "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** What happened and who did it. */
export interface ReviewEvent {
  readonly actor: string;
  readonly event: string;
  readonly traceId?: string;
  readonly detail?: AuditEntry["detail"];
}

/** Writes something that has happened to the audit log. It stands whether or not that works; what fails is logged. */
export async function recordEvent({ audit, log, clock = Date.now }: EventParts, entry: ReviewEvent): Promise<void> {
  const { actor, event, traceId = null, detail = {} } = entry;
  try {
    await audit.add({ at: clock(), actor, event, traceId, detail });
  } catch (error) {
    log.error({ err: error, event, traceId }, "the audit log could not be written");
  }
}
