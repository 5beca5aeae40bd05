// What a state folder takes on disk: bytes of each kind of record, sealed, after flagged replies were read again.
//
//   npx tsx bench/state-size.ts [--replies 24] [--tokens 64]
//
// Replies of the shipped model under the policy `flag-audit`, all flagged, each about its own number; embedded queue.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openLocalStores } from "../src/gateway/local-stores.ts";
import { openDesk, listEverything } from "../test/support/desk-client.ts";
import { startGatewayProcess } from "../test/support/gateway-process.ts";
import { LIVE_MODEL } from "../test/support/live-gateway.ts";
import { until } from "../test/support/wire-reply.ts";

const { values } = parseArgs({
  options: { replies: { type: "string", default: "24" }, tokens: { type: "string", default: "64" } },
});
const [replies, tokens] = [Number(values.replies), Number(values.tokens)];
const state = mkdtempSync(join(tmpdir(), "lensgate-size-"));
const gateway = await startGatewayProcess(resolve("gateway.yaml"), { environment: { LENSGATE_STATE_DIR: state } });

async function ask(number: number): Promise<void> {
  const content = `Number ${number}: the auditors check every answer and must approve it. What do the auditors approve?`;
  const response = await fetch(`${gateway.api}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-oversight-policy": "flag-audit" },
    body: JSON.stringify({ model: LIVE_MODEL, messages: [{ role: "user", content }], max_tokens: tokens }),
  });
  await response.text();
}

/** Sealed bodies are most of a row; the rest is about a hundred bytes. */
const TABLES = {
  "trace (head, end)": "SELECT count(*) AS rows, sum(length(head) + coalesce(length(ending), 0)) AS bytes FROM traces",
  "evidence of a flag": "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM evidence",
  "re-read": "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM enrichments",
  "score row": "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM scores",
  "outbox row": "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM outbox",
  "review item": "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM review_items",
  "audit entry": "SELECT count(*) AS rows, sum(length(body) + length(hash)) AS bytes FROM audit",
};

try {
  for (let number = 1; number <= replies; number += 1) await ask(number);
  const desk = await openDesk(gateway.console, "bench");
  const items = await listEverything(desk);
  for (const { traceId } of items)
    await until(async () => ((await desk.call(`items/${traceId}`)).body.enrichment ?? null) !== null, 300_000);
  const { database } = openLocalStores({ folder: state });
  console.log(`${replies} replies of at most ${tokens} tokens, ${items.length} items`);
  for (const [name, sql] of Object.entries(TABLES)) {
    const { rows = 0, bytes } = database.prepare<{ rows: number; bytes: number | null }>(sql).get() ?? {};
    console.log(
      `${name.padEnd(20)} ${String(rows).padStart(5)} rows ${((bytes ?? 0) / Math.max(1, rows)).toFixed(0).padStart(8)} bytes each`,
    );
  }
  const pages = database.prepare<{ bytes: number }>(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
  );
  console.log(`database file        ${((pages.get()?.bytes ?? 0) / 1e6).toFixed(2)} MB`);
  database.close();
} finally {
  await gateway.end("SIGTERM");
  rmSync(state, { recursive: true, force: true });
}
