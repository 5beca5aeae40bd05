import { expect, onTestFinished, test } from "vitest";
import { hashPassword } from "../../src/review/password.ts";
import type { ThresholdChange } from "../../src/review/desk.ts";
import { sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { CHEAP, startReviewServer, type ServerChanges } from "./review-server.ts";

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  return server;
}

test("statistics and proposals are passed on, and not found where the gateway has none", async () => {
  const written: ThresholdChange[] = [];
  const proposals = {
    list: async (rate: number) => [{ detector: "country-channel", rate }],
    write: async (change: ThresholdChange) => ({ file: "country-channel.yaml", count: written.push(change) }),
  };
  const { login } = await start({ parts: { statistics: async () => ({ waiting: 3 }), proposals } });
  const { call } = await login("ada");
  expect((await call("statistics")).body).toEqual({ waiting: 3 });
  expect((await call("proposals")).body).toEqual({ proposals: [{ detector: "country-channel", rate: 0.001 }] });
  expect((await call("proposals?rate=0.02")).body).toMatchObject({ proposals: [{ rate: 0.02 }] });
  expect((await call("proposals?rate=2")).status).toBe(400);
  const change = { rate: 0.02, threshold: 4.5 };
  expect((await call("proposals/country-channel", change)).body).toMatchObject({ written: { count: 1 } });
  expect(written).toEqual([{ ...change, detector: "country-channel", reviewer: "ada" }]);
  for (const detector of ["..%2fgateway", "Country", "a.yaml", "%2fetc"])
    expect((await call(`proposals/${detector}`, change)).status).toBe(400);
  expect((await call("proposals/country-channel", { rate: 0.02, threshold: "4" })).status).toBe(400);

  const bare = await (await start()).login();
  for (const path of ["statistics", "proposals"]) expect((await bare.call(path)).status).toBe(404);
});

test("a threshold is written by a lead alone", async () => {
  const password = await hashPassword("correct horse battery", CHEAP);
  const reviewers = [
    { name: "ada", role: "reviewer", password },
    { name: "lea", role: "lead", password },
  ] as const;
  const proposals = { list: async () => [], write: async () => ({}) };
  const { login, audit } = await start({ settings: { reviewers }, parts: { proposals } });
  const change = { rate: 0.02, threshold: 4.5 };
  const ada = await login("ada", "correct horse battery");
  expect((await ada.call("proposals/country-channel", change)).body).toMatchObject({
    error: { code: "role_required" },
  });
  const lea = await login("lea", "correct horse battery");
  expect((await lea.call("proposals/country-channel", change)).status).toBe(200);
  expect((await audit.list({ limit: 1 }))[0]?.entry).toMatchObject({
    actor: "lea",
    event: "threshold",
    detail: { detector: "country-channel", ...change },
  });
});

test("the audit trail is read page by page or for one trace, and tells whether it is whole", async () => {
  const { login, add, database } = await start();
  for (const number of [1, 2]) await add(sampleTrace({ head: sampleHead(number) }));
  const { call } = await login("ada");
  for (const number of [1, 2]) await call(`items/${traceId(number)}`);
  const all = (await call("audit")).body;
  expect(all.entries.map(({ event }) => event)).toEqual(["view", "view", "login"]);
  expect(all.intact).toBe(true);
  const rest = (await call(`audit?limit=1&before=${all.entries[0]?.sequence}`)).body;
  expect(rest.entries).toEqual([all.entries[1]]);
  expect((await call(`audit?traceId=${traceId(1)}`)).body.entries).toMatchObject([
    { traceId: traceId(1), actor: "ada" },
  ]);

  database.prepare("DROP TRIGGER audit_keep").run();
  database.prepare("UPDATE audit SET body = replace(body, 'ada', 'bob') WHERE sequence = 2").run();
  let passedMs = 0;
  const again = await startReviewServer(temporaryFolder(), {
    passedMs: () => passedMs,
    parts: {
      audit: { add: async () => undefined, list: async () => [], verify: async () => (passedMs > 0 ? 2 : undefined) },
    },
  });
  onTestFinished(async () => void (await again.close()));
  const bo = await again.login("bo");
  expect((await bo.call("audit")).body.intact).toBe(true);
  passedMs = 60_001;
  expect((await bo.call("audit")).body.intact).toBe(false);
});

test("the trail does not tell a second reviewer what the first one said, nor anyone the words of a note", async () => {
  const { login, add } = await start({ settings: { secondOpinion: 1 } });
  await add(sampleTrace());
  const [ada, bo] = [await login("ada"), await login("bo")];
  await ada.call(`items/${traceId(1)}/note`, { text: "secret" });
  await ada.call(`items/${traceId(1)}/decide`, { verdict: "true_positive" });
  const detailsFor = async ({ call }: typeof ada) =>
    (await call(`audit?traceId=${traceId(1)}`)).body.entries.map(({ event, detail }) => [event, detail]);
  expect(await detailsFor(bo)).toEqual([
    ["decide", {}],
    ["note", {}],
  ]);
  expect(await detailsFor(ada)).toMatchObject([
    ["decide", { verdict: "true_positive" }],
    ["note", {}],
  ]);
  await bo.call(`items/${traceId(1)}/decide`, { verdict: "true_positive" });
  expect((await detailsFor(bo)).at(1)).toMatchObject(["decide", { verdict: "true_positive" }]);
});
