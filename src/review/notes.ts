import type { AuditEntry, AuditLog } from "../trace/stores.ts";

/** A remark on a trace. */
export interface ReviewNote {
  readonly reviewer: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Turns a note into what is kept at rest, and back. */
export interface NoteSealing {
  seal(text: string, context: string): string;
  open(sealed: string, context: string): string;
}

/** Remarks, as entries `note` of the audit log. */
export interface Notes {
  add(traceId: string, note: ReviewNote): Promise<void>;
  /** Oldest first, the newest hundred. */
  list(traceId: string): Promise<ReviewNote[]>;
}

const MOST_NOTES = 100;
const PAGE = 500;
/** Entries about one trace that are looked through. */
const MOST_ENTRIES = 5_000;

/** What keeping notes may take: with `sealing` the log holds them sealed; `elsewhere` knows entries of other logs. */
export interface NoteParts {
  readonly sealing?: NoteSealing | undefined;
  readonly elsewhere?: ((traceId: string) => Promise<readonly AuditEntry[]>) | undefined;
}

/** Notes in the audit log. */
export function createNotes(audit: Pick<AuditLog, "add" | "list">, parts: NoteParts = {}): Notes {
  const { sealing, elsewhere = async () => [] } = parts;
  const open = (traceId: string, { text, sealed }: AuditEntry["detail"]): string => {
    if (typeof sealed === "string" && sealing !== undefined) return sealing.open(sealed, `note ${traceId}`);
    return typeof text === "string" ? text : "";
  };
  const toNote = (traceId: string, { actor, at, detail }: AuditEntry): ReviewNote => ({
    reviewer: actor,
    at,
    text: open(traceId, detail),
  });

  return {
    async add(traceId, { reviewer, at, text }) {
      const detail = sealing === undefined ? { text } : { sealed: sealing.seal(text, `note ${traceId}`) };
      await audit.add({ at, actor: reviewer, event: "note", traceId, detail });
    },
    async list(traceId) {
      const notes: ReviewNote[] = [];
      let before: number | undefined;
      for (let read = 0; read < MOST_ENTRIES && notes.length < MOST_NOTES; read += PAGE) {
        const page = await audit.list({ traceId, limit: PAGE, ...(before === undefined ? {} : { before }) });
        for (const { entry } of page.filter(({ entry: { event } }) => event === "note"))
          notes.push(toNote(traceId, entry));
        if (page.length < PAGE) break;
        before = page.at(-1)?.sequence;
      }
      const others = (await elsewhere(traceId)).map((entry) => toNote(traceId, entry));
      // The sort is stable.
      return [...notes.toReversed(), ...others].toSorted((left, right) => left.at - right.at).slice(-MOST_NOTES);
    },
  };
}
