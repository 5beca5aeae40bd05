import { readdirSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { REVIEW_CONTENT_SECURITY_POLICY } from "../../src/review/page.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer } from "./review-server.ts";

const WEB = new URL("../../src/review/web/", import.meta.url);

test("page, style and scripts are served with the strict policy, and nothing else is", async () => {
  const { origin, close } = await startReviewServer(temporaryFolder());
  onTestFinished(async () => {
    await close();
  });
  for (const name of ["", ...readdirSync(WEB)]) {
    const response = await fetch(`${origin}/review/${name}`);
    expect([name, response.status]).toEqual([name, 200]);
    expect(response.headers.get("content-security-policy")).toBe(REVIEW_CONTENT_SECURITY_POLICY);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect((await fetch(`${origin}/review`)).url).toBe(`${origin}/review/`);
  for (const path of ["..%2froutes.ts", "%2e%2e/routes.ts", ".git", "routes.ts"]) {
    expect((await fetch(`${origin}/review/${path}`)).status).toBeGreaterThanOrEqual(400);
  }
});

test("the page holds no inline code or style, and no script writes markup", () => {
  for (const name of readdirSync(WEB)) {
    const text = readFileSync(new URL(name, WEB), "utf8");
    if (name.endsWith(".html")) expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:/i);
    if (name.endsWith(".js"))
      expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?:/);
    if (name.endsWith(".css")) expect(text).not.toMatch(/@import|url\(/);
  }
});
