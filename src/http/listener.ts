import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../log.ts";

/** Where to listen. */
export interface ListenerOptions {
  /** What the listener is called in messages and in the configuration, like `api`. */
  readonly name: string;
  readonly app: RequestListener;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Pick<Logger, "error">;
  /** How long a client may take to send a whole request. */
  readonly requestTimeoutMs?: number;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Like `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Answers that are not sent whole yet. */
  readonly live: number;
  /**
   * Takes no new connections, waits up to `graceMs` for live answers, then cuts the rest. Resolves with how many were
   * cut when every connection is closed. A second call waits for the first.
   */
  drain(graceMs: number): Promise<{ readonly cut: number }>;
}

/** Starts a server. Rejects with an `Error` that names the address and the cure when it cannot listen. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { app, requestTimeoutMs = 60_000 } = options;
  const live = new Set<ServerResponse>();
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(20_000, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs),
    // Longer than the minute that proxies keep theirs, so that none is closed under a request.
    keepAliveTimeout: 65_000,
  });
  server.on("request", (request, response) => {
    live.add(response);
    response.once("close", () => live.delete(response));
    app(request, response);
  });
  await listen(server, options);
  // Such as no file handles left for a new connection: those that stand go on.
  server.on("error", (error) => options.log.error({ err: error, listener: options.name }, "a listener had an error"));
  const { address, port, family } = server.address() as AddressInfo;
  // A wildcard is no address to call.
  const callable = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  const host = family === "IPv6" ? `[${callable}]` : callable;
  let draining: Promise<{ readonly cut: number }> | undefined;
  return {
    host: address,
    port,
    url: `http://${host}:${port}`,
    get live() {
      return live.size;
    },
    drain: (graceMs) => (draining ??= drain(server, live, graceMs)),
  };
}

function listen(server: Server, { name, host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(new Error(`${name} cannot listen on ${host}:${port}: ${explain(error, name)}`, { cause: error }));
    };
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, name: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `the port is in use (cure: stop the other program, or set ${name}.port)`;
    case "EACCES":
      return `this user may not use the port (cure: set ${name}.port to one above 1023)`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `this machine does not have the address (cure: set ${name}.host to one of its own)`;
    default:
      return `${error.message} (cure: set ${name}.host and ${name}.port)`;
  }
}

async function drain(
  server: Server,
  live: ReadonlySet<ServerResponse>,
  graceMs: number,
): Promise<{ readonly cut: number }> {
  // Closing a server also closes its idle connections.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const patience = new AbortController();
  const late = wait(graceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([allClosed(live), late]);
  patience.abort();
  const cut = live.size;
  server.closeAllConnections();
  await closed;
  return { cut };
}

/** Walking a set meets what is added on the way: a request on a connection that was still open. */
async function allClosed(live: ReadonlySet<ServerResponse>): Promise<void> {
  for (const response of live) await new Promise<void>((resolve) => response.once("close", resolve));
}
