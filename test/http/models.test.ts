import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { allowsModel } from "../../src/http/models.ts";
import { startApi } from "./scripted-api.ts";
import { MODEL } from "./scripted-engine.ts";

const sha256 = createHash("sha256").update("k").digest("hex");
const model = { id: MODEL, object: "model", created: 1_700_000_000, owned_by: "lensgate" };

test("the model is listed and can be asked for by name", async () => {
  const { url } = await startApi(undefined, { clock: () => 1_700_000_000_000 });
  expect(await (await fetch(`${url}/v1/models`)).json()).toEqual({ object: "list", data: [model] });
  expect(await (await fetch(`${url}/v1/models/${MODEL}`)).json()).toEqual(model);
  expect((await fetch(`${url}/v1/models/gpt-4`)).status).toBe(404);
});

test("a key sees the models that it may use, and nobody else sees any", async () => {
  const keys = [{ id: "k", sha256, mayTighten: false, models: ["another"] }];
  const { url } = await startApi(undefined, { keys });
  expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  const headers = { authorization: "Bearer k" };
  expect(await (await fetch(`${url}/v1/models`, { headers })).json()).toEqual({ object: "list", data: [] });
  expect((await fetch(`${url}/v1/models/${MODEL}`, { headers })).status).toBe(404);
});

test("a key without a list may use every model", () => {
  expect(allowsModel(undefined, "m")).toBe(true);
  expect(allowsModel({ id: "k", sha256, mayTighten: false }, "m")).toBe(true);
  expect(allowsModel({ id: "k", sha256, mayTighten: false, models: [] }, "m")).toBe(false);
});
