import { existsSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { atRoot } from "../support/documents.ts";

const text = readFileSync(atRoot("Dockerfile"), "utf8");
const steps = text
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) as [string, string]);
const all = (name: string) => steps.filter(([step]) => step === name).map(([, rest]) => rest);
const last = (name: string) => all(name).at(-1) ?? "";

describe("Dockerfile", () => {
  it("builds in a stage of its own, on a pinned Debian-slim with a Node that package.json allows", () => {
    const images = all("FROM").map((rest) => rest.split(" ")[0] ?? "");
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
    const { engines } = JSON.parse(readFileSync(atRoot("package.json"), "utf8")) as { engines: { node: string } };
    const [version = "", least] = [images[1]?.split(/[:-]/)[1], engines.node.replace(">=", "")] as const;
    expect(version.localeCompare(least, "en", { numeric: true })).toBeGreaterThanOrEqual(0);
  });

  it("runs as the user that compose says, under whom it also prepares the weights", () => {
    expect(all("USER")).toEqual(["10001:10001"]);
    const user = steps.findIndex(([step]) => step === "USER");
    expect(steps.slice(user).filter(([step]) => step === "RUN")).toHaveLength(1);
    expect(readFileSync(atRoot("docker-compose.yml"), "utf8")).toContain('user: "10001:10001"');
  });

  it("fetches nothing but locked packages, and nothing at run time", () => {
    expect(all("ADD")).toEqual([]);
    for (const command of all("RUN")) expect(command).not.toMatch(/curl|wget|apt|npm (install|i )|npx/);
    expect(all("RUN").filter((command) => /npm ci/.test(command))).toHaveLength(1);
    expect(`${last("ENTRYPOINT")} ${last("CMD")}`).not.toContain("npm");
  });

  it("copies what is there and not ignored", () => {
    const ignored = readFileSync(atRoot(".dockerignore"), "utf8").split("\n");
    for (const rest of all("COPY").filter((each) => !each.startsWith("--from"))) {
      for (const source of rest.split(" ").slice(0, -1)) {
        expect(existsSync(atRoot(source)), source).toBe(true);
        expect(ignored).not.toContain(source);
      }
    }
  });

  it("leaves tests, history and a local build out", () => {
    const ignored = readFileSync(atRoot(".dockerignore"), "utf8").split("\n");
    expect(ignored).toEqual(expect.arrayContaining([".git", "node_modules", "dist", "test", ".state"]));
  });

  it("starts the command that compose and people call, told to stop by SIGTERM", () => {
    expect(JSON.parse(last("ENTRYPOINT"))).toEqual(["node", "/app/deploy/lensgate.mjs"]);
    expect(JSON.parse(last("CMD"))).toEqual(["serve", "--config", "/config/gateway.yaml"]);
    expect(last("STOPSIGNAL")).toBe("SIGTERM");
    expect(last("HEALTHCHECK")).toContain('["node", "deploy/healthy.mjs"]');
  });
});

describe("the health check of the container", () => {
  it("fails where nothing answers", () => {
    const { status } = spawnSync(process.execPath, [atRoot("deploy/healthy.mjs")], { env: { LENSGATE_PORT: "1" } });
    expect(status).toBe(1);
  });
});
