import express, { Router } from "express";
import { fileURLToPath } from "node:url";

/** What the review page may load and send: its own files and its own API, nothing else. */
export const REVIEW_CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the review page with its policy. Mount it where the page should be, like `/review`; its links are relative. */
export function createReviewPage(): Router {
  const router = Router();
  const folder = fileURLToPath(new URL("./web", import.meta.url));
  const setHeaders = (response: { setHeader(name: string, value: string): unknown }) => {
    response.setHeader("content-security-policy", REVIEW_CONTENT_SECURITY_POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("cache-control", "no-cache");
  };
  router.use(express.static(folder, { dotfiles: "ignore", setHeaders }));
  return router;
}
