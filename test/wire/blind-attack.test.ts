import { afterAll, beforeAll, expect, test } from "vitest";
import { startAttacked, type Attacked, type Caller } from "../support/attacked-console.ts";

let desk: Attacked;
let ada: Caller;
let grace: Caller;
/** One of each, both blind: nothing but the words may tell them apart. */
let flagged: string;
let drawn: string;

beforeAll(async () => {
  desk = await startAttacked({ blind: 1, second_opinion: 1, sample: { clear: 1, near: 1 } });
  flagged = await desk.flag("Tell me about a dog.");
  drawn = await desk.flag("Tell me about a cat.");
  [ada, grace] = [await desk.as("ada"), await desk.as("grace")];
});
afterAll(() => desk.stop());

/** The same with every word, number of a position and name of one trace taken out. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((each) => JSON.stringify(shapeOf(each))))].toSorted();
  if (typeof value !== "object" || value === null) return value;
  const own = [
    "id",
    "traceId",
    "requestId",
    "createdAt",
    "position",
    "text",
    "content",
    "preview",
    "released",
    "ids",
    "startedAt",
  ];
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, own.includes(key) ? typeof each : shapeOf(each)]),
  );
}

test("no answer tells a blind flagged item from a blind drawn one, or what it scored", async () => {
  const [one, other] = await Promise.all([flagged, drawn].map((id) => ada.get(`items/${id}`)));
  expect(shapeOf(one?.body)).toEqual(shapeOf(other?.body));
  expect(one?.body).toMatchObject({
    hidden: true,
    item: { action: "blind", score: null, threshold: null, priority: null, repetition: "", count: 1 },
    enrichment: null,
    similar: [],
    trace: { firings: [], endReason: null },
  });
  const rows = (await desk.scores.list({ limit: 9 })).map(({ traceId, requestId }) => [traceId, requestId] as const);
  const asked = new Map(rows);
  for (const key of [(id: string) => id, (id: string) => asked.get(id) ?? ""]) {
    const [found, also] = await Promise.all([flagged, drawn].map((id) => ada.get(`../requests/${key(id)}`)));
    expect(shapeOf(found?.body["runs"])).toEqual(shapeOf(also?.body["runs"]));
    expect(found?.body["runs"]).toMatchObject([{ traceId: flagged, hidden: true, detectors: [], ending: null }]);
  }
  const list = await ada.get("items");
  const [first, second] = list.body["items"] as object[];
  expect(shapeOf(first)).toEqual(shapeOf(second));
  for (const { text } of [one, other, list].flatMap((each) => each ?? []))
    expect(text).not.toMatch(/"(sample|stratum|probability|promptTokens|rule)"|dog-watch: flag|"flag"/);
});

test("no filter, page or order tells them apart", async () => {
  const idsOf = async (query: string) =>
    ((await ada.get(`items?${query}`)).body["items"] as { readonly traceId: string }[]).map(({ traceId }) => traceId);
  for (const action of ["flag", "abort", "sample", "observe"]) expect(await idsOf(`action=${action}`)).toEqual([]);
  expect((await idsOf("action=blind")).toSorted()).toEqual([flagged, drawn].toSorted());
  for (const query of ["detector=dog-watch", "stage=first", "state=waiting"])
    expect(await idsOf(query)).toHaveLength(2);
});

test("what one reviewer said is not told to the second, by no route, until they have spoken", async () => {
  const note = "a remark that only its author may see";
  expect(await ada.post(`items/${drawn}/decide`, { verdict: "false_positive", note })).toMatchObject({
    status: 200,
    body: { next: "second" },
  });
  await ada.post(`items/${drawn}/note`, { text: note });
  const told = await Promise.all(
    [`items/${drawn}`, "items", "items?stage=second", `audit?traceId=${drawn}`, "audit?limit=200"].map(grace.get),
  );
  for (const { status, text } of told) {
    expect(status).toBe(200);
    expect(text).not.toContain(note);
    expect(text).not.toMatch(/false_positive|"verdict"|"hidden":false/);
  }
  expect((await grace.post("claim", { traceId: drawn })).status).toBe(200);
  expect((await grace.get(`items/${drawn}`)).text).not.toContain(note);
  expect((await ada.get(`items/${drawn}`)).text).toContain(note);
});

test("who is no lead does nothing that takes one, on no way around", async () => {
  const lin = await desk.as("lin");
  const role = { status: 403, code: "role_required" };
  await ada.post(`items/${flagged}/decide`, { verdict: "escalate" });
  for (const body of [{ verdict: "unsure" }, { verdict: "unsure", supersede: true }, { verdict: "unsure", token: "x" }])
    expect(await grace.post(`items/${flagged}/decide`, body)).toMatchObject(role);
  expect(await grace.post("claim", { traceId: flagged })).toMatchObject(role);
  expect((await grace.post("claim", { detectors: ["dog-watch"] })).text).not.toContain(flagged);
  expect(await grace.post(`items/${flagged}/undo`)).toMatchObject(role);
  expect(await grace.post(`items/${flagged}/revive`)).toMatchObject(role);
  expect(await grace.post("proposals/dog-watch", { rate: 0.1, threshold: 2 })).toMatchObject(role);
  expect(await grace.get("live")).toMatchObject(role);

  const { body } = await lin.post("claim", { traceId: flagged });
  const { token } = body["claim"] as { readonly token: string };
  // Not even with the token of the lead's claim.
  expect(await grace.post(`items/${flagged}/decide`, { verdict: "unsure", token })).toMatchObject(role);
  expect(await lin.post(`items/${flagged}/decide`, { verdict: "true_positive", token })).toMatchObject({ status: 200 });
  for (const body of [{ verdict: "unsure" }, { verdict: "unsure", supersede: true }])
    expect((await grace.post(`items/${flagged}/decide`, body)).status).toBeGreaterThanOrEqual(400);
});

test("a reviewer cannot give both opinions, nor use the claim of another", async () => {
  const id = await desk.flag("Tell me about a cow.");
  await ada.post(`items/${id}/decide`, { verdict: "false_positive" });
  expect((await ada.post("claim", { traceId: id })).body).toEqual({ claim: null });
  expect(await ada.post(`items/${id}/decide`, { verdict: "false_positive" })).toMatchObject({ status: 409 });
  const { body } = await grace.post("claim", { traceId: id });
  const { token } = body["claim"] as { readonly token: string };
  expect(await ada.post(`items/${id}/decide`, { verdict: "false_positive", token })).toMatchObject({ status: 409 });
  expect(await ada.post(`items/${id}/undo`)).toMatchObject({ status: 409 });
  expect(await grace.post(`items/${id}/decide`, { verdict: "true_positive", token })).toMatchObject({
    body: { next: "escalated" },
  });
});
