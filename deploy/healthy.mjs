// Whether the gateway in this container can serve: exits with 0 or 1.
const port = process.env.LENSGATE_PORT || "8080";
try {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
