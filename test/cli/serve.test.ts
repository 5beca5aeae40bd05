import { describe, expect, it } from "vitest";
import { formatWelcome } from "../../src/cli/serve.ts";
import { loadConfig, type Config } from "../../src/config.ts";

const config = loadConfig({ path: new URL("../../gateway.yaml", import.meta.url).pathname, environment: {} });

const name = "smollm2-135m-instruct";

function welcome(changes: Partial<Config> = {}): string[] {
  const listener = (port: number) => ({ url: `http://127.0.0.1:${port}` });
  const gateway = { api: listener(8080), console: listener(8081), model: { facts: { name } } };
  return formatWelcome({ ...config, ...changes }, gateway as unknown as Parameters<typeof formatWelcome>[1]).split(
    "\n",
  );
}

/** The bodies of the requests to try, as a shell would pass them on. */
function bodiesIn(lines: readonly string[]): unknown[] {
  return lines.flatMap((line) => {
    const [, body] = /^ +-d '(.*)'$/.exec(line) ?? [];
    return body === undefined ? [] : [JSON.parse(body)];
  });
}

describe("formatWelcome", () => {
  it("says the API's address first, then the console's", () => {
    const [first, second] = welcome();
    expect(first).toBe(
      `API      http://127.0.0.1:8080/v1   model ${name}, policy default; no keys are configured: this machine alone may call`,
    );
    expect(second).toBe("Console  http://127.0.0.1:8081/review/   metrics http://127.0.0.1:8081/metrics");
  });

  it("gives two requests to try, the second under the policy that stops it", () => {
    const lines = welcome();
    const commands = lines.filter((line) => line.startsWith("  curl "));
    expect(commands).toHaveLength(2);
    expect(commands[0]).not.toContain("x-oversight-policy");
    expect(commands[1]).toContain("-H 'x-oversight-policy: demo'");
    for (const command of commands) {
      expect(command).toMatch(
        /^ {2}curl http:\/\/127\.0\.0\.1:8080\/v1\/chat\/completions -H 'content-type: application\/json'/,
      );
      expect(command).toMatch(/ \\$/);
      expect(command).not.toContain("authorization");
    }
    expect(bodiesIn(lines)).toMatchObject([
      { model: name, messages: [{ role: "user", content: "What is two plus two?" }], temperature: 0 },
      { model: name, messages: [{ role: "user", content: "Tell me about sushi." }], temperature: 0 },
    ]);
  });

  it("gives no request that would be stopped where no policy is called demo", () => {
    const { demo, ...policies } = config.policies;
    expect(demo).toBeDefined();
    expect(bodiesIn(welcome({ policies }))).toHaveLength(1);
  });

  it("asks for the key where keys are configured, and does not say that there are none", () => {
    const lines = welcome({
      keys: [{ id: "ada", sha256: "ab".repeat(32), mayTighten: true, disabled: false, limits: {} }],
    });
    expect(lines.join("\n")).not.toContain("no keys");
    for (const command of lines.filter((line) => line.startsWith("  curl "))) {
      expect(command).toContain('-H "authorization: Bearer $LENSGATE_KEY"');
    }
  });
});
