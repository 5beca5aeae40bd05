import { expect, test } from "vitest";
import { recordEvent } from "../../src/review/audit-events.ts";
import type { AuditEntry } from "../../src/trace/stores.ts";
import { traceId } from "../conformance/samples.ts";

test("an event is written with its time, and with null where it is about no trace", async () => {
  const entries: AuditEntry[] = [];
  const parts = {
    audit: { add: async (entry: AuditEntry) => void entries.push(entry) },
    log: { error: () => undefined },
    clock: () => 7,
  };
  await recordEvent(parts, { actor: "ada", event: "logout" });
  await recordEvent(parts, { actor: "ada", event: "claim", traceId: traceId(1), detail: { stage: "first" } });
  expect(entries).toEqual([
    { at: 7, actor: "ada", event: "logout", traceId: null, detail: {} },
    { at: 7, actor: "ada", event: "claim", traceId: traceId(1), detail: { stage: "first" } },
  ]);
});

test("an entry that cannot be written is logged, and what happened stands", async () => {
  const logged: unknown[] = [];
  const log = { error: (...entry: unknown[]) => void logged.push(entry) };
  const audit = { add: () => Promise.reject(new Error("disk full")) };
  await recordEvent({ audit, log }, { actor: "ada", event: "logout" });
  expect(logged).toHaveLength(1);
});
