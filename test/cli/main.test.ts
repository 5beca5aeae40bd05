import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { writeFolder } from "../support/folder.ts";
import { runCommand } from "../support/gateway-process.ts";

describe("lensgate", () => {
  it("prints its version", async () => {
    expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  it("ends with 1 and every problem of a configuration on a line of its own, without a stack", async () => {
    const folder = writeFolder({ "gateway.yaml": "model: m\nprecison: fast\n" });
    const { code, stdout, stderr } = await runCommand(["serve", "--config", join(folder, "gateway.yaml")]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^\S+\/gateway\.yaml:2 precison: .*\(cure: .*precision.*\)$/m);
    expect(stderr).toMatch(/^\S+\/gateway\.yaml(:\d+)? policies: is missing \(cure: .*\)$/m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it("ends with 1 and the flag at fault", async () => {
    const { code, stderr } = await runCommand(["lens", "Hello", "--top", "none"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: option '--top <count>' argument 'none' is invalid\. --top takes a whole number/);
  });
});
