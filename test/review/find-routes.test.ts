import { expect, onTestFinished, test } from "vitest";
import type { FoundRequest } from "../../src/review/request-finder.ts";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";

type Answer = FoundRequest & { readonly message: string | null; readonly error?: { readonly code: string } };

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  const { headers } = await server.login();
  const get = async (id: string, sent: Record<string, string> = { ...headers }) => {
    const response = await fetch(`${server.origin}/api/requests/${id}`, { headers: sent });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  return { ...server, get };
}

test("a request is found by whatever id its caller made up", async () => {
  const { scores, get } = await start();
  const ids = ["request-1", "a/b?c#d", "100%", "..x", "tr_1", "<b>&amp;", traceId(9)];
  for (const [index, requestId] of ids.entries()) await scores.add(sampleScoreRow(index + 1, { requestId }));
  for (const requestId of ids) {
    const { status, body, headers } = await get(encodeURIComponent(requestId));
    expect([requestId, status, body.id, body.runs.length]).toEqual([requestId, 200, requestId, 1]);
    expect(body).toMatchObject({ gateway: "gw_here", message: null, runs: [{ requestId, hidden: false }] });
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

test("where nothing is found it says why that can be", async () => {
  const { get } = await start();
  const { status, body } = await get("nobody");
  expect([status, body.runs]).toEqual([200, []]);
  expect(body.message).toMatch(/another desk.*run out.*deleted/);
});

test("without a login, with no id or with one that none can be, nothing is told", async () => {
  const { get, origin } = await start();
  expect((await get("request-1", {})).body.error?.code).toBe("login_required");
  expect((await get("x".repeat(257))).body.error?.code).toBe("invalid_request");
  expect((await get("%ff")).status).toBe(400);
  expect((await get("")).body.error?.code).toBe("not_found");
  expect((await fetch(`${origin}/api/requests/x`)).status).toBe(401);
});
