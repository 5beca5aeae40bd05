import type { Request, Response, Router } from "express";
import { GatewayError } from "../errors.ts";
import { demandLead, sessionOf } from "./access.ts";
import { recordEvent } from "./audit-events.ts";
import type { DeskParts } from "./desk.ts";
import { readDetail } from "./item-detail.ts";
import { listItems } from "./item-list.ts";
import { check, SCHEMAS } from "./requests.ts";

type Verb = (request: Request, response: Response, traceId: string) => Promise<object>;

const VIEW_MS = 300_000;
const MOST_VIEWS = 10_000;

/** Declares the list, one item, and what is done with it. */
export function declareItems(router: Router, parts: DeskParts): void {
  const recordView = createViewLog(parts);
  router.get("/api/review/items", async (request, response) => {
    const query = check(SCHEMAS.list, request.query);
    response.json(await listItems(parts, query, sessionOf(response).reviewer));
  });
  router.get("/api/review/items/:traceId", async (request, response) => {
    const { traceId } = check(SCHEMAS.path, request.params);
    const { reviewer } = sessionOf(response);
    const detail = await readDetail(parts, traceId, reviewer);
    await recordView(reviewer, traceId, detail.hidden);
    response.json(detail);
  });
  router.post("/api/review/claim", async (request, response) => {
    const wanted = check(SCHEMAS.claim, request.body);
    const claim = await claimFor(parts, wanted, response);
    parts.feed.nudge();
    response.json({ claim });
  });
  for (const [verb, act] of Object.entries(verbsOf(parts))) {
    router.post(`/api/review/items/:traceId/${verb}`, async (request, response) => {
      const { traceId } = check(SCHEMAS.path, request.params);
      const answer = await act(request, response, traceId);
      parts.feed.nudge();
      response.json(answer);
    });
  }
}

/** Nobody reads a conversation without a record of it; a page that reads it again and again makes one entry in five minutes. */
function createViewLog({ audit, clock }: DeskParts) {
  const seen = new Map<string, number>();
  return async (actor: string, traceId: string, hidden: boolean): Promise<void> => {
    const key = JSON.stringify([actor, traceId, hidden]);
    if (clock() - (seen.get(key) ?? Number.NEGATIVE_INFINITY) < VIEW_MS) return;
    await audit.add({ at: clock(), actor, event: "view", traceId, detail: { hidden } });
    if (seen.size >= MOST_VIEWS) seen.clear();
    seen.set(key, clock());
  };
}

async function claimFor(parts: DeskParts, wanted: { traceId?: string | undefined }, response: Response) {
  const { reviewer, role } = sessionOf(response);
  const { traceId } = wanted;
  if (traceId !== undefined && (await parts.queue.get(traceId))?.stage === "escalated")
    demandLead({ role }, `${traceId} is escalated: claiming it`);
  const claimed = await parts.verdicts.claim({ reviewer, role, leaseMs: parts.settings.leaseMs, ...wanted });
  return claimed === undefined
    ? null
    : { traceId: claimed.item.traceId, token: claimed.token, leaseUntil: claimed.leaseUntil };
}

function verbsOf(parts: DeskParts): Readonly<Record<string, Verb>> {
  const { queue, verdicts, settings, notes, clock } = parts;
  return {
    async heartbeat({ body }, _response, traceId) {
      const { token } = check(SCHEMAS.held, body);
      return { leaseUntil: await queue.heartbeat(traceId, token, settings.leaseMs) };
    },
    async release({ body }, response, traceId) {
      await queue.release(traceId, check(SCHEMAS.held, body).token);
      await recordEvent(parts, { actor: sessionOf(response).reviewer, event: "release", traceId });
      return { released: true };
    },
    async decide({ body }, response, traceId) {
      const { reviewer, role } = sessionOf(response);
      return verdicts.decide({ ...check(SCHEMAS.decide, body), traceId, reviewer, role });
    },
    async undo({ body }, response, traceId) {
      check(SCHEMAS.nothing, body);
      const { reviewer, role } = sessionOf(response);
      return { decision: await verdicts.undo({ traceId, reviewer, role }) };
    },
    async note({ body }, response, traceId) {
      const note = { reviewer: sessionOf(response).reviewer, at: clock(), text: check(SCHEMAS.note, body).text };
      if ((await queue.get(traceId)) === undefined)
        throw new GatewayError("not_found", `There is no review item for ${traceId}.`);
      await notes.add(traceId, note);
      return { note };
    },
    async revive({ body }, response, traceId) {
      check(SCHEMAS.nothing, body);
      const { reviewer: actor, role } = sessionOf(response);
      demandLead({ role }, "Reviving an item that was given up");
      const item = await queue.get(traceId);
      if (item === undefined) throw new GatewayError("not_found", `There is no review item for ${traceId}.`);
      if (item.state !== "dead") throw new GatewayError("conflict", `${traceId} was not given up.`);
      await queue.reopen(traceId, { stage: item.stage, excluded: item.excluded });
      await recordEvent(parts, { actor, event: "revive", traceId });
      return { revived: true };
    },
  };
}
