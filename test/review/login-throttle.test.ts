import { expect, test } from "vitest";
import { createLoginThrottle } from "../../src/review/login-throttle.ts";

const fail = async () => undefined;
const pass = async () => "in";

function start() {
  let now = 0;
  const throttle = createLoginThrottle(() => now);
  const codeOf = (name: string, address: string, check: () => Promise<string | undefined> = fail) =>
    throttle.attempt({ name, address }, check).catch((error: { code: string }) => error.code);
  return { throttle, codeOf, wait: (ms: number) => (now += ms) };
}

test("after five failures a name waits a quarter of an hour, whatever the password, but not from elsewhere", async () => {
  const { codeOf, wait } = start();
  for (let count = 0; count < 5; count += 1) expect(await codeOf("ada", "here")).toBeUndefined();
  expect(await codeOf("ada", "here", pass)).toBe("too_many_attempts");
  expect(await codeOf("ada", "there", pass)).toBe("in");
  expect(await codeOf("bo", "here", pass)).toBe("in");
  wait(900_000);
  expect(await codeOf("ada", "here", pass)).toBe("in");
});

test("a login that works takes back the failures of that name there", async () => {
  const { codeOf } = start();
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 4; count += 1) await codeOf("ada", "here");
    expect(await codeOf("ada", "here", pass)).toBe("in");
  }
});

test("one address cannot try many names, and many addresses cannot try one name for ever", async () => {
  const { codeOf } = start();
  for (let count = 0; count < 30; count += 1) expect(await codeOf(`name ${count}`, "here")).toBeUndefined();
  expect(await codeOf("someone", "here", pass)).toBe("too_many_attempts");
  for (let count = 0; count < 60; count += 1) expect(await codeOf("ada", `address ${count}`)).toBeUndefined();
  expect(await codeOf("ada", "another address", pass)).toBe("too_many_attempts");
});

test("those that wait behind failures see them, and no more than sixteen wait", async () => {
  const { codeOf } = start();
  let checks = 0;
  const slow = async () => {
    checks += 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return undefined;
  };
  const answers = await Promise.all(Array.from({ length: 40 }, () => codeOf("ada", "here", slow)));
  expect(checks).toBe(5);
  expect(answers.filter((answer) => answer === "too_many_attempts")).toHaveLength(35);
});

test("a check that breaks is no failure of the caller, and the next one has its turn", async () => {
  const { throttle, codeOf } = start();
  const broken = () => Promise.reject(new Error("no memory"));
  for (let count = 0; count < 9; count += 1)
    await expect(throttle.attempt({ name: "ada", address: "here" }, broken)).rejects.toThrow("no memory");
  expect(await codeOf("ada", "here", pass)).toBe("in");
});

test("how long to wait is told", async () => {
  const { throttle, codeOf, wait } = start();
  for (let count = 0; count < 5; count += 1) await codeOf("ada", "here");
  wait(100_000);
  await expect(throttle.attempt({ name: "ada", address: "here" }, pass)).rejects.toMatchObject({
    retryAfterMs: 800_000,
  });
});
