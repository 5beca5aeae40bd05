import { describe, expect, it } from "vitest";
import { applyEnvironment } from "../../src/config/environment.ts";
import { gatewaySchema } from "../../src/config/schema.ts";

const file = gatewaySchema.parse({ model: "m", default_policy: "a", policies: { a: {} } });

describe("applyEnvironment", () => {
  it("changes only what is set, and not the file it was given", () => {
    const changed = applyEnvironment(file, { LENSGATE_PORT: "9000", LENSGATE_CONSOLE_PORT: "" });
    expect(changed).toEqual({ file: { ...file, api: { ...file.api, port: 9000 } }, problems: [] });
    expect(file.api.port).toBe(8080);
  });

  it("takes the address of Redis, and repeats none that is wrong", () => {
    const { file: changed } = applyEnvironment(file, { LENSGATE_REDIS_URL: "rediss://:secret@redis.example:6380" });
    expect(changed.queue.redis).toEqual({ ...file.queue.redis, url: "rediss://:secret@redis.example:6380" });
    for (const wrong of ["http://secret", "redis://:sec ret@[", "localhost:6379"]) {
      const { problems } = applyEnvironment(file, { LENSGATE_REDIS_URL: wrong });
      expect(problems).toMatchObject([{ file: "LENSGATE_REDIS_URL" }]);
      expect(JSON.stringify(problems)).not.toContain("sec");
    }
  });

  it.each(["-1", "65536", "8e3", " 80", "http"])("refuses the port %j", (text) => {
    expect(applyEnvironment(file, { LENSGATE_CONSOLE_PORT: text }).problems).toMatchObject([
      { file: "LENSGATE_CONSOLE_PORT" },
    ]);
  });
});
