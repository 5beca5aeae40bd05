import type { Router } from "express";
import { GatewayError } from "../errors.ts";
import { sessionOf } from "./access.ts";
import type { DeskParts } from "./desk.ts";
import { NOTHING_FOUND } from "./request-finder.ts";
import { check, SCHEMAS } from "./requests.ts";

/** Declares `GET /api/requests/:id`: every run of a request, or of a trace, as the reviewer who asks may see it. */
export function declareFinding(router: Router, { finder }: DeskParts): void {
  router.get("/api/requests/:id", async (request, response) => {
    const { id } = check(SCHEMAS.request, request.params);
    if (finder === undefined) throw new GatewayError("not_found", "This gateway finds no requests.");
    const found = await finder.find(id, sessionOf(response).reviewer);
    response.json({ ...found, message: found.runs.length === 0 ? NOTHING_FOUND : null });
  });
}
