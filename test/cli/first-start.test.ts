import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareFirstStart } from "../../src/cli/first-start.ts";
import { loadConfig } from "../../src/config.ts";
import { hashPassword, verifyPassword } from "../../src/review/password.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { atRoot } from "../support/documents.ts";

const CHEAP = { N: 1_024, r: 8, p: 1 };

function setUp() {
  const folder = join(temporaryFolder(), "config");
  const [redis, grafana] = [`${folder}-redis.conf`, `${folder}-grafana`];
  const options = {
    folder,
    redis,
    grafana,
    template: atRoot("deploy/gateway.yaml"),
    detectors: atRoot("detectors"),
    hashPassword: (password: string) => hashPassword(password, CHEAP),
  };
  const read = (name: string) => readFileSync(join(folder, name), "utf8").trim();
  return { folder, redis, grafana, options, read };
}

test("the configuration of the container is sound, with the hashes of what is shown", async () => {
  const { folder, options, read } = setUp();
  const drawn = await prepareFirstStart(options);
  const [, key, password] = drawn.map(({ value }) => value);
  const config = loadConfig({ path: join(folder, "gateway.yaml"), environment: {} });
  expect(config.keys).toMatchObject([
    {
      id: "first",
      sha256: createHash("sha256")
        .update(key ?? "")
        .digest("hex"),
    },
  ]);
  expect(await verifyPassword(password ?? "", config.review.reviewers[0]?.password ?? "")).toBe(true);
  expect(config).toMatchObject({ queue: { driver: "bullmq" }, api: { host: "0.0.0.0" }, console: { port: 8081 } });
  expect(read("gateway.yaml")).not.toContain("@");
  for (const { value } of drawn) expect(read("gateway.yaml")).not.toContain(value);
  expect(read("trace.key")).toMatch(/^[0-9a-f]{64}$/);
});

test("Redis gets the password that the gateway reads, an append-only file, and evicts nothing", async () => {
  const { redis, options, read } = setUp();
  await prepareFirstStart(options);
  const settings = readFileSync(redis, "utf8");
  expect(settings).toContain(`requirepass ${read("redis.password")}\n`);
  expect(settings).toMatch(/^appendonly yes$/m);
  expect(settings).toMatch(/^maxmemory-policy noeviction$/m);
});

test("a second start changes and shows nothing", async () => {
  const { redis, grafana, options, read } = setUp();
  await prepareFirstStart(options);
  const files = () => [
    read("gateway.yaml"),
    read("trace.key"),
    readFileSync(redis, "utf8"),
    readFileSync(grafana, "utf8"),
  ];
  const before = files();
  expect(await prepareFirstStart(options)).toEqual([]);
  expect(files()).toEqual(before);
});

test("what is missing is made again, and only that is shown", async () => {
  const { grafana, options, read } = setUp();
  await prepareFirstStart(options);
  const before = read("gateway.yaml");
  rmSync(grafana);
  expect((await prepareFirstStart(options)).map(({ what }) => what)).toEqual(["Grafana: user admin, password"]);
  expect(read("gateway.yaml")).toBe(before);
});

test("no two starts draw the same, and secrets are not for everyone to read", async () => {
  const [one, other] = [setUp(), setUp()];
  const values = [...(await prepareFirstStart(one.options)), ...(await prepareFirstStart(other.options))];
  expect(new Set(values.map(({ value }) => value)).size).toBe(6);
  expect(one.read("trace.key")).not.toBe(other.read("trace.key"));
  for (const file of ["trace.key", "redis.password"]) expect(statSync(join(one.folder, file)).mode & 0o077).toBe(0);
  for (const file of [one.redis, one.grafana]) expect(statSync(file).mode & 0o007).toBe(0);
});

test("without the flags neither Redis nor Grafana is written for, and the detectors come without their training rows", async () => {
  const { folder, redis, grafana, options } = setUp();
  await prepareFirstStart({ ...options, redis: undefined, grafana: undefined });
  expect([existsSync(redis), existsSync(grafana)]).toEqual([false, false]);
  expect(existsSync(join(folder, "detectors", "harm-intent.safetensors"))).toBe(true);
  expect(existsSync(join(folder, "detectors", "data"))).toBe(false);
});
