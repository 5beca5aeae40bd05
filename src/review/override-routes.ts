import type { Router } from "express";
import { GatewayError } from "../errors.ts";
import { demandLead, sessionOf } from "./access.ts";
import type { DeskParts } from "./desk.ts";
import { check, SCHEMAS } from "./requests.ts";

const MINUTE_MS = 60_000;

/** Declares the overrides: everyone reads them, leads set and end them. */
export function declareOverrides(router: Router, parts: DeskParts): void {
  const { overrides, braking, feed } = parts;
  router.get("/api/review/overrides", (_request, response) => {
    if (overrides === undefined) throw new GatewayError("not_found", "This gateway has no overrides.");
    response.json({ overrides: overrides(), names: braking?.names() ?? [] });
  });
  router.post("/api/review/overrides", async (request, response) => {
    const { minutes, ...wish } = check(SCHEMAS.overrideWish, request.body);
    const { reviewer: actor, role } = sessionOf(response);
    demandLead({ role }, "Setting an override");
    if (braking === undefined) throw new GatewayError("not_found", "This gateway sets no overrides.");
    const override = await braking.set({ ...wish, actor, lastsMs: minutes * MINUTE_MS });
    feed.nudge();
    response.json({ override });
  });
  router.delete("/api/review/overrides/:id", async (request, response) => {
    const { id } = check(SCHEMAS.overridePath, request.params);
    check(SCHEMAS.nothing, request.body ?? {});
    const { reviewer, role } = sessionOf(response);
    demandLead({ role }, "Ending an override");
    const ended = await braking?.end(id, reviewer);
    if (ended === undefined) throw new GatewayError("not_found", `No override ${id} is in force.`);
    feed.nudge();
    response.json({ ended });
  });
}
