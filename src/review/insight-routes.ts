import type { Router } from "express";
import { GatewayError } from "../errors.ts";
import type { AuditEntry } from "../trace/stores.ts";
import { demandLead, sessionOf } from "./access.ts";
import { recordEvent } from "./audit-events.ts";
import type { DeskParts } from "./desk.ts";
import { isAlone } from "./opinions.ts";
import { check, SCHEMAS } from "./requests.ts";
import { readTrail } from "./trail-page.ts";

/** How long it is taken as known whether the audit log's chain holds: reading it all takes about a second for 100,000 entries. */
const KNOWN_MS = 60_000;

/** Declares statistics, proposals and the audit trail. */
export function declareInsights(router: Router, parts: DeskParts): void {
  const isIntact = createIntegrity(parts);
  router.get("/api/review/statistics", async (_request, response) => {
    response.json(await demandPart(parts.statistics, "statistics")());
  });
  router.get("/api/review/proposals", async (request, response) => {
    const { rate } = check(SCHEMAS.proposals, request.query);
    response.json({ proposals: await demandPart(parts.proposals, "proposals").list(rate) });
  });
  router.post("/api/review/proposals/:detector", async (request, response) => {
    const { detector } = check(SCHEMAS.detector, request.params);
    const { rate, threshold } = check(SCHEMAS.threshold, request.body);
    const { reviewer, role } = sessionOf(response);
    demandLead({ role }, "Writing a threshold");
    const written = await demandPart(parts.proposals, "proposals").write({ detector, rate, threshold, reviewer });
    await recordEvent(parts, { actor: reviewer, event: "threshold", detail: { detector, rate, threshold } });
    response.json({ written });
  });
  router.get("/api/review/audit", async (request, response) => {
    const { entries: found, ...rest } = await readTrail(parts, check(SCHEMAS.audit, request.query));
    const shown = await createDiscretion(parts, sessionOf(response).reviewer);
    const entries = await Promise.all(
      found.map(async ({ entry, ...place }) => ({ ...place, ...entry, detail: await shown(entry) })),
    );
    response.json({ entries, ...rest, intact: await isIntact() });
  });
}

function demandPart<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new GatewayError("not_found", `This gateway has no ${name}.`);
  return part;
}

/** What a reviewer may read of an entry: not the words of notes, and nothing that others said of what they still judge alone. */
async function createDiscretion(parts: DeskParts, reviewer: string) {
  const known = new Map<string, Promise<boolean>>();
  const judge = async (traceId: string): Promise<boolean> => {
    const item = await parts.queue.get(traceId);
    return item !== undefined && isAlone(item, await parts.decisions.list(traceId), reviewer);
  };
  return async ({ event, traceId, actor, detail }: AuditEntry): Promise<AuditEntry["detail"]> => {
    if (event === "note") return {};
    if (traceId === null || actor === reviewer || Object.keys(detail).length === 0) return detail;
    const alone = known.get(traceId) ?? judge(traceId);
    known.set(traceId, alone);
    return (await alone) ? {} : detail;
  };
}

function createIntegrity({ audit, clock }: DeskParts): () => Promise<boolean> {
  let known: { readonly at: number; readonly intact: Promise<boolean> } | undefined;
  return () => {
    if (known === undefined || clock() - known.at > KNOWN_MS)
      known = { at: clock(), intact: audit.verify().then((broken) => broken === undefined) };
    // One that could not be read is tried again.
    known.intact.catch(() => (known = undefined));
    return known.intact;
  };
}
