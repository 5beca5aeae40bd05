import { expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { readTrail } from "../../src/review/trail-page.ts";
import type { AuditEntry } from "../../src/trace/stores.ts";
import type { SharedTrail, TrailPlaces } from "../../src/trace/shared-trail.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { startReviewServer } from "./review-server.ts";

const [HERE, THERE] = ["a".repeat(16), "b".repeat(16)];
const entryAt = (at: number, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  at,
  actor: "ada",
  event: "view",
  traceId: null,
  detail: {},
  ...changes,
});
const own = [3, 2, 1].map((sequence) => ({ sequence, entry: entryAt(sequence) }));
const audit = {
  add: async () => undefined,
  verify: async () => undefined,
  list: async ({ limit, before = 99 }: { limit: number; before?: number }) =>
    own.filter(({ sequence }) => sequence < before).slice(0, limit),
};

function makeTrail() {
  const asked: (TrailPlaces | undefined)[] = [];
  const state = { away: false };
  const trail: SharedTrail = {
    gateway: HERE,
    async page({ before }) {
      if (state.away) throw new GatewayError("review_unavailable");
      asked.push(before);
      const entries = [{ gateway: THERE, sequence: 7, entry: entryAt(9, { actor: "<b>bo</b>" }) }];
      return { entries, before: new Map([...[HERE, THERE].entries()].map(([index, each]) => [each, index + 7])) };
    },
  };
  return { trail, asked, state };
}

test("a page of all gateways leads to the next by its places", async () => {
  const { trail, asked } = makeTrail();
  const page = await readTrail({ audit, trail }, { limit: 1 });
  expect(page).toMatchObject({ entries: [{ gateway: THERE }], older: `${HERE}:7,${THERE}:8`, gateway: HERE });
  await readTrail({ audit, trail }, { limit: 1, before: page.older ?? "" });
  expect(asked).toEqual([
    undefined,
    new Map([
      [HERE, 7],
      [THERE, 8],
    ]),
  ]);
});

test("without others, for one trace and while Redis is away it is this gateway's, also further on", async () => {
  const { trail, state } = makeTrail();
  const alone = await readTrail({ audit }, { limit: 2 });
  expect(alone).toEqual({ entries: own.slice(0, 2), older: "2" });
  expect(await readTrail({ audit }, { limit: 2, before: "2" })).toEqual({ entries: own.slice(2), older: null });
  expect(await readTrail({ audit, trail }, { limit: 2, traceId: traceId(1) })).toEqual(alone);
  state.away = true;
  expect(await readTrail({ audit, trail }, { limit: 2 })).toEqual({ ...alone, isPartial: true });
  expect((await readTrail({ audit, trail }, { limit: 2, before: "2" })).entries).toEqual(own.slice(2));
  const places = { limit: 2, before: `${THERE}:8` };
  await expect(readTrail({ audit, trail }, places)).rejects.toMatchObject({ code: "review_unavailable" });
});

describeInBrowser("the audit trail of several gateways", (visit) => {
  test("says where each entry was made, and when others' are missing", async () => {
    const { trail, state } = makeTrail();
    const server = await startReviewServer(temporaryFolder(), { parts: { trail } });
    onTestFinished(async () => void (await server.close()));
    const { page } = await visit(server.origin, { hash: "#/audit", width: 380 });
    await page.waitForSelector(".audit tbody tr");
    const row = await page.locator(".audit tbody tr").first().textContent();
    for (const part of ["bbbbbb…", "<b>bo</b>"]) expect(row).toContain(part);
    expect(await page.textContent(".chain")).toContain("of this gateway");
    state.away = true;
    await page.reload();
    await page.waitForSelector(".audit tbody tr");
    expect(await page.locator("#main").textContent()).toContain("Redis does not answer");
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });
});
