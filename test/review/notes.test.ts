import { expect, test } from "vitest";
import { createNotes } from "../../src/review/notes.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { AWKWARD_TEXT, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const start = () => createAuditLog(openDatabase({ folder: temporaryFolder() }));
const noteOf = (at: number, text = `note ${at}`) => ({ reviewer: "ada", at, text });

test("notes on a trace are listed oldest first, to the letter, and apart from other traces and events", async () => {
  const audit = start();
  const notes = createNotes(audit);
  await notes.add(traceId(1), noteOf(1, AWKWARD_TEXT));
  await notes.add(traceId(2), noteOf(2));
  await audit.add({ at: 3, actor: "ada", event: "view", traceId: traceId(1), detail: {} });
  await notes.add(traceId(1), noteOf(4));
  expect(await notes.list(traceId(1))).toEqual([noteOf(1, AWKWARD_TEXT), noteOf(4)]);
  expect(await notes.list(traceId(3))).toEqual([]);
});

test("notes are found behind a thousand other entries, and the newest hundred are kept", async () => {
  const entry = { actor: "ada", traceId: traceId(1), detail: { text: "n" } };
  const rows = [
    ...Array.from({ length: 1_200 }, (_, at) => ({ ...entry, at, event: "view" })),
    ...Array.from({ length: 130 }, (_, at) => ({ ...entry, at, event: "note" })),
  ].map((each, index) => ({ sequence: index + 1, entry: each }));
  const audit = {
    add: async () => undefined,
    list: async ({ limit, before = 9_999 }: { limit: number; before?: number }) =>
      rows
        .toSorted((a, b) => b.sequence - a.sequence)
        .filter((row) => row.sequence < before)
        .slice(0, limit),
  };
  expect((await createNotes(audit).list(traceId(1))).map(({ at }) => at)).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 30),
  );
  rows.splice(
    0,
    rows.length,
    ...rows.slice(1_329),
    ...rows.slice(0, 1_200).map((row) => ({ ...row, sequence: row.sequence + 2_000 })),
  );
  expect(await createNotes(audit).list(traceId(1))).toHaveLength(1);
});

test("with a seal the log holds no word of a note", async () => {
  const audit = start();
  const sealing = {
    seal: (text: string, context: string) => Buffer.from(`${context}|${text}`).toString("base64"),
    open: (sealed: string, context: string) =>
      Buffer.from(sealed, "base64")
        .toString()
        .slice(context.length + 1),
  };
  const notes = createNotes(audit, { sealing });
  await notes.add(traceId(1), noteOf(1, "secret"));
  expect(JSON.stringify(await audit.list({ limit: 9 }))).not.toContain("secret");
  expect(await notes.list(traceId(1))).toEqual([noteOf(1, "secret")]);
});

test("notes of other gateways stand among its own by time", async () => {
  const audit = start();
  const other = { actor: "grace", event: "note", traceId: traceId(1), at: 2, detail: { text: "between" } };
  const notes = createNotes(audit, { elsewhere: async (id) => (id === traceId(1) ? [other] : []) });
  for (const at of [1, 3]) await notes.add(traceId(1), noteOf(at));
  expect(await notes.list(traceId(1))).toEqual([noteOf(1), { reviewer: "grace", at: 2, text: "between" }, noteOf(3)]);
});
