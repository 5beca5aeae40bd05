import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLocalStores, type LocalStores } from "../../src/gateway/local-stores.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { Database } from "../../src/trace/database.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { eventsOf, traceIdOf, until } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

const HOLDS = [0, 1, 4];
/** The generated token that the detector fires on. */
const FIRES_AT = 8;
const CONTENT = "Count from one to ten.";
const fields = { max_tokens: 14 };

const config = writeLiveConfig({
  detectors: { "ninth-token": { at: { generated: FIRES_AT } } },
  policies: Object.fromEntries(
    HOLDS.map((hold) => [`hold-${hold}`, { hold_tokens: hold, detectors: { "ninth-token": { action: "flag" } } }]),
  ),
});
let gateway: GatewayProcess;
let stores: LocalStores;
let records: Database;

beforeAll(async () => {
  gateway = await startGatewayProcess(config.path);
  stores = openLocalStores({ folder: join(config.folder, "state"), mustExist: true });
  records = stores.database;
});
afterAll(async () => {
  records.close();
  await gateway.end("SIGTERM");
  config.remove();
});

// A look at the file from another process than the one that writes it.
const isRecorded = (id: string) =>
  records.prepare<{ found: number }>("SELECT count(*) AS found FROM evidence WHERE trace_id = ?").get(id)?.found === 1;

test.each(HOLDS)("no byte after a firing comes before its record is on disk, hold %i", async (hold) => {
  const stream = await openStream(gateway, { content: CONTENT, policy: `hold-${hold}`, fields });
  const id = traceIdOf(stream);
  const mayLeave = FIRES_AT + 1 - hold;
  const seen: { readonly tokens: number; readonly recorded: boolean }[] = [];
  while (await stream.next()) seen.push({ recorded: isRecorded(id), tokens: stream.tokens });
  expect(stream.tokens).toBe(14);
  expect(seen.filter(({ tokens, recorded }) => tokens > mayLeave && !recorded)).toEqual([]);
  // The record is of the firing, not of the request: what came first came without.
  if (hold < 4) expect(seen[0]).toEqual({ tokens: expect.any(Number) as number, recorded: false });
});

test.each(HOLDS)("while the record cannot be written, nothing more leaves, hold %i", async (hold) => {
  // The gateway writes nothing before the firing, and then waits for the lock.
  records.prepare("BEGIN IMMEDIATE").run();
  const stream = await openStream(gateway, { content: CONTENT, policy: `hold-${hold}`, fields });
  const mayLeave = FIRES_AT + 1 - hold;
  await stream.readTokens(mayLeave);
  const more = stream.next();
  const first = await Promise.race([more, wait(1_000, "nothing")]);
  records.prepare("ROLLBACK").run();
  expect(first).toBe("nothing");
  expect(stream.tokens).toBe(mayLeave);
  await more;
  expect(isRecorded(traceIdOf(stream))).toBe(true);
  await stream.readToEnd();
  expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
});

test("a reply whose record cannot be written ends with an error, and is recorded once that is possible", async () => {
  records.prepare("BEGIN IMMEDIATE").run();
  const stream = await openStream(gateway, { content: CONTENT, policy: "hold-1", fields });
  const id = traceIdOf(stream);
  // The gateway waits 5 seconds for the lock.
  await stream.readTokens(FIRES_AT);
  await wait(6_000);
  records.prepare("ROLLBACK").run();
  await stream.readToEnd();
  expect(stream.tokens).toBe(FIRES_AT);
  expect(JSON.parse(eventsOf(stream.text).at(-1) ?? "")).toMatchObject({ error: { code: "oversight_unavailable" } });
  // It repeats what came before, so it may have joined.
  await until(() => createEmbeddedQueue({ database: records }).itemOf(id));
  const trace = await stores.traces.get(id);
  expect(trace).toMatchObject({
    evidence: [{ finding: { detector: "ninth-token" } }],
    end: { releasedTokens: FIRES_AT },
  });
});
