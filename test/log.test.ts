import { afterEach, describe, expect, it, vi } from "vitest";
import { createLogger } from "../src/log.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

function note(level?: string) {
  const lines: string[] = [];
  return { lines, log: createLogger(level, { write: (line) => lines.push(line) }) };
}

describe("createLogger", () => {
  it("writes one JSON object a line, with name, facts and the error's message", () => {
    const { lines, log } = note("info");
    log.error({ err: new Error("no room"), id: "r1" }, "stopping failed");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\}\n$/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      name: "lensgate",
      level: 50,
      id: "r1",
      err: { message: "no room" },
      msg: "stopping failed",
    });
  });

  it("takes its level from LENSGATE_LOG_LEVEL, and info without it", () => {
    vi.stubEnv("LENSGATE_LOG_LEVEL", undefined);
    const usual = note();
    usual.log.debug("hidden");
    usual.log.info("shown");
    vi.stubEnv("LENSGATE_LOG_LEVEL", "error");
    const quiet = note();
    quiet.log.warn("hidden");
    quiet.log.error("shown");
    for (const { lines } of [usual, quiet]) expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["shown"]);
  });

  it("writes nothing when it is silent", () => {
    const { lines, log } = note("silent");
    log.error("hidden");
    expect(lines).toEqual([]);
  });

  it.each(["loud", "INFO", ""])("refuses the level %j and says which there are", (level) => {
    expect(() => note(level)).toThrow(
      `"${level}" is not a log level; set LENSGATE_LOG_LEVEL to one of trace, debug, info`,
    );
  });
});
