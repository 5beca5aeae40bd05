import type { Router } from "express";
import { GatewayError } from "../errors.ts";
import { demandLead, sessionOf } from "./access.ts";
import type { DeskParts } from "./desk.ts";
import { check, SCHEMAS } from "./requests.ts";

/** Declares `DELETE /api/review/items/:traceId`, which takes a trace out for good. Leads only. */
export function declareErasure(router: Router, parts: DeskParts): void {
  router.delete("/api/review/items/:traceId", async (request, response) => {
    const { traceId } = check(SCHEMAS.path, request.params);
    const { reason } = check(SCHEMAS.erasure, request.body ?? {});
    const { reviewer: actor, role } = sessionOf(response);
    demandLead({ role }, "Deleting a trace");
    if (parts.erasing === undefined) throw new GatewayError("not_found", "This gateway deletes nothing.");
    await parts.erasing.erase({ traceId, actor, reason });
    parts.feed.nudge();
    response.json({ deleted: true });
  });
}
