import { expect, onTestFinished, test } from "vitest";
import { hashPassword } from "../../src/review/password.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openOverrideDesk } from "./override-desk.ts";
import { CHEAP, startReviewServer } from "./review-server.ts";

const WISH = { detector: "sea", minutes: 120, reason: " it fires at everything " };
const SECRET = "correct horse battery";

async function start() {
  const folder = temporaryFolder();
  const { store, parts } = openOverrideDesk(folder);
  const password = await hashPassword(SECRET, CHEAP);
  const reviewers = [
    { name: "ada", role: "reviewer", password },
    { name: "lea", role: "lead", password },
  ] as const;
  const server = await startReviewServer(folder, { settings: { reviewers }, parts });
  onTestFinished(async () => void (await server.close()));
  const login = async (name: string) => {
    const { headers } = await server.login(name, SECRET);
    const send = async (method: string, path = "", body?: unknown, extra: Record<string, string> = {}) => {
      const response = await fetch(`${server.origin}/api/review/overrides${path}`, {
        method,
        headers: { ...headers, ...extra },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    return { send };
  };
  return { server, store, login };
}

test("a lead sets an override and ends it, both on record under the name of the login", async () => {
  const { server, store, login } = await start();
  const [ada, lea] = [await login("ada"), await login("lea")];
  const { status, body } = await lea.send("POST", "", WISH);
  expect(status).toBe(200);
  const [made] = store.list();
  expect(body).toEqual({ override: made });
  expect(made).toMatchObject({ detector: "sea", mode: "monitor", actor: "lea", reason: "it fires at everything" });
  expect((made?.until ?? 0) - (made?.since ?? 0)).toBe(7_200_000);
  expect((await ada.send("GET")).body).toEqual({ overrides: [made], names: ["sea", "sky"] });
  expect((await lea.send("DELETE", `/${made?.id}`, {})).body).toEqual({ ended: made });
  expect((await ada.send("GET")).body).toMatchObject({ overrides: [] });
  expect(await lea.send("DELETE", `/${made?.id}`, {})).toMatchObject({
    status: 404,
    body: { error: { code: "not_found" } },
  });
  const entries = (await server.audit.list({ limit: 2 })).map(({ entry: { actor, event } }) => `${actor} ${event}`);
  expect(entries).toEqual(["lea override_ended", "lea override"]);
});

test("everything is overridden where no detector is named", async () => {
  const { store, login } = await start();
  const lea = await login("lea");
  expect((await lea.send("POST", "", { ...WISH, detector: null, mode: "observe" })).status).toBe(200);
  expect(store.list()).toMatchObject([{ detector: null, mode: "observe" }]);
});

test("nobody but a lead changes anything, and not without the token of the session", async () => {
  const { server, store, login } = await start();
  const [ada, lea] = [await login("ada"), await login("lea")];
  expect((await ada.send("POST", "", WISH)).body).toMatchObject({ error: { code: "role_required" } });
  expect((await lea.send("POST", "", WISH, { "x-csrf-token": "x" })).body).toMatchObject({
    error: { code: "invalid_csrf_token" },
  });
  expect((await fetch(`${server.origin}/api/review/overrides`, { method: "POST" })).status).toBe(401);
  expect(store.list()).toEqual([]);
  const { override } = (await lea.send("POST", "", WISH)).body as { override: { id: string } };
  expect((await ada.send("DELETE", `/${override.id}`, {})).body).toMatchObject({ error: { code: "role_required" } });
  expect((await lea.send("DELETE", `/${override.id}`, {}, { "x-csrf-token": "" })).status).toBe(403);
  expect(store.list()).toHaveLength(1);
});

test.each([
  [{ detector: "see" }, "detector", 'did you mean "sea"?'],
  [{ detector: undefined }, "detector", ""],
  [{ mode: "enforce" }, "mode", ""],
  [{ minutes: 0 }, "minutes", ""],
  [{ minutes: 10_081 }, "minutes", ""],
  [{ minutes: 1.5 }, "minutes", ""],
  [{ reason: "  " }, "reason", "say why"],
  [{ reason: "a\u202eb" }, "reason", "do not show"],
  [{ reason: "x".repeat(501) }, "reason", ""],
  [{ until: 9e15 }, null, "until"],
])("what the command would refuse is refused: %j", async (change, param, says) => {
  const { store, login } = await start();
  const { send } = await login("lea");
  const { status, body } = await send("POST", "", { ...WISH, ...change });
  expect([status, body]).toMatchObject([400, { error: { param, message: expect.stringContaining(says) } }]);
  expect(store.list()).toEqual([]);
});

test("what is no id is refused, and a gateway without overrides has none to set", async () => {
  const { login } = await start();
  const lea = await login("lea");
  for (const id of ["ov_1", "..%2f..", "ov_zzzzzzzzzzzzzzzz"])
    expect([id, (await lea.send("DELETE", `/${id}`, {})).status]).toEqual([id, 400]);
  const bare = await startReviewServer(temporaryFolder());
  onTestFinished(async () => void (await bare.close()));
  const { call } = await bare.login();
  expect((await call("overrides")).status).toBe(404);
  expect((await call("overrides", WISH)).status).toBe(404);
});
