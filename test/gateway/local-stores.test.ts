import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import { sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("what one process sealed in a state folder another one reads", async () => {
  const folder = temporaryFolder();
  const first = openLocalStores({ folder });
  await first.traces.open(sampleHead(1), sampleEvidence());
  const second = openLocalStores({ folder, mustExist: true });
  expect(await second.traces.get(traceId(1))).toMatchObject({ head: sampleHead(1) });
  expect(second.gatewayId).toBe(first.gatewayId);
  for (const { database } of [first, second]) database.close();
});

test("a folder without a database is refused where there must be one, and a missing shared key, too", () => {
  expect(() => openLocalStores({ folder: temporaryFolder(), mustExist: true })).toThrow(ConfigError);
  expect(() => openLocalStores({ folder: temporaryFolder(), sharedKey: true, environment: {} })).toThrow(
    /LENSGATE_TRACE_KEY: is not set/,
  );
});
