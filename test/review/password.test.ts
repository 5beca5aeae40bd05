import { expect, test } from "vitest";
import { gatewaySchema } from "../../src/config/schema.ts";
import { hashPassword, NOBODY, verifyPassword } from "../../src/review/password.ts";

test("a password fits its own hash alone, and two hashes of it differ", async () => {
  const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
  expect(one).toMatch(/^scrypt\$32768\$8\$3\$/);
  expect(one).not.toBe(other);
  expect(await verifyPassword("correct horse", one)).toBe(true);
  expect(await verifyPassword("correct horse ", one)).toBe(false);
  expect(await verifyPassword("", one)).toBe(false);
});

test("a letter is the same however it is composed", async () => {
  expect(await verifyPassword("caf\u00e9 au lait", await hashPassword("cafe\u0301 au lait"))).toBe(true);
});

test("a hash that is malformed or would take too much memory fits nothing", async () => {
  const tail = `${"A".repeat(22)}$${"A".repeat(43)}`;
  for (const head of ["", "scrypt$", "scrypt$0$8$1$", "scrypt$3$8$1$", "scrypt$32768$0$1$", "scrypt$262144$16$1$"])
    expect(await verifyPassword("x", head + tail)).toBe(false);
  expect(await verifyPassword("x", "scrypt$32768$8$3$short$short")).toBe(false);
  expect(await verifyPassword("", NOBODY)).toBe(false);
});

test("the configuration takes what is printed, and no password in its place", async () => {
  const withPassword = (password: string) =>
    gatewaySchema.safeParse({
      model: "m",
      default_policy: "a",
      policies: { a: {} },
      review: { reviewers: [{ name: "ada", password }] },
    }).success;
  expect(withPassword(await hashPassword("correct horse"))).toBe(true);
  expect(withPassword("correct horse")).toBe(false);
  expect(withPassword("scrypt$correct horse")).toBe(false);
});
