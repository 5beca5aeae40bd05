import { expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { hashPassword } from "../../src/review/password.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { CHEAP, startReviewServer } from "./review-server.ts";

async function start() {
  const erased: object[] = [];
  const erasing = {
    async erase(request: { readonly traceId: string }) {
      if (request.traceId !== traceId(1)) throw new GatewayError("not_found");
      erased.push(request);
    },
  };
  const password = await hashPassword("correct horse battery", CHEAP);
  const reviewers = [
    { name: "ada", role: "reviewer", password },
    { name: "lea", role: "lead", password },
  ] as const;
  const server = await startReviewServer(temporaryFolder(), { settings: { reviewers }, parts: { erasing } });
  onTestFinished(async () => void (await server.close()));
  const enter = async (name: string) => {
    const { headers } = await server.login(name, "correct horse battery");
    return async (path: string, options: { body?: object; headers?: object } = {}) => {
      const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
      const sent = { method: "DELETE", headers: { ...headers, ...options.headers }, ...body };
      const response = await fetch(`${server.origin}/api/review/${path}`, sent);
      const answer = (await response.json()) as { readonly error?: { readonly code: string } };
      return { status: response.status, code: answer.error?.code };
    };
  };
  return { erased, ada: await enter("ada"), lea: await enter("lea") };
}

test("a lead deletes a trace, with and without a reason", async () => {
  const { lea, erased } = await start();
  expect(await lea(`items/${traceId(1)}`, { body: { reason: "asked for" } })).toEqual({ status: 200, code: undefined });
  expect((await lea(`items/${traceId(1)}`)).status).toBe(200);
  expect(erased).toEqual([
    { traceId: traceId(1), actor: "lea", reason: "asked for" },
    { traceId: traceId(1), actor: "lea", reason: "" },
  ]);
});

test("nobody else does, and no page of another origin", async () => {
  const { ada, lea, erased } = await start();
  expect(await ada(`items/${traceId(1)}`)).toEqual({ status: 403, code: "role_required" });
  expect((await lea(`items/${traceId(1)}`, { headers: { "x-csrf-token": "" } })).code).toBe("invalid_csrf_token");
  expect((await lea(`items/${traceId(1)}`, { headers: { cookie: "" } })).code).toBe("login_required");
  expect(erased).toEqual([]);
});

test("an unknown trace, an id that is none and a field that is none are refused", async () => {
  const { lea } = await start();
  expect((await lea(`items/${traceId(2)}`)).code).toBe("not_found");
  expect((await lea("items/..%2f..%2fx")).code).toBe("invalid_request");
  expect((await lea(`items/${traceId(1)}`, { body: { all: true } })).code).toBe("invalid_request");
});
