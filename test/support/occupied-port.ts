import { createServer, type AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Takes a free loopback port, so that nothing else can listen there until it is released or the test ends. */
export async function occupyPort() {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const release = () => new Promise<void>((resolve) => squatter.close(() => resolve()));
  onTestFinished(release);
  const { port } = squatter.address() as AddressInfo;
  return { port, release };
}
