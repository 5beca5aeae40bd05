import { logIn } from "./console-login.ts";

/** A reviewer's session at a console, for tests and measurements. */
export interface DeskClient {
  /** Calls a route under `/api/review/`; a body makes it a POST. */
  call(path: string, body?: object): Promise<{ readonly status: number; readonly body: DeskAnswer }>;
}

/** What the answers hold, as far as it is read field by field. */
export interface DeskAnswer {
  readonly items?: readonly { readonly traceId: string; readonly state: string; readonly count: number }[];
  readonly claim?: { readonly traceId: string; readonly token: string } | null;
  readonly item?: { readonly state: string } | null;
  readonly decisions?: readonly { readonly verdict: string }[] & Readonly<Record<string, number>>;
  readonly members?: { readonly ids: readonly string[] };
  readonly queue?: { readonly waiting: number; readonly claimed: number; readonly decided: number };
  readonly outbox?: { readonly waiting: number };
  readonly enrichment?: { readonly failed?: string; readonly reread?: readonly object[] } | null;
  readonly error?: { readonly code: string };
}

/** Logs in at the console under a name; without configured reviewers any name will do. */
export async function openDesk(console: string, name: string, password?: string): Promise<DeskClient> {
  const { status: answered, headers } = await logIn(console, name, password);
  if (answered !== 200) throw new Error(`no login: ${answered}`);
  return {
    async call(path, body) {
      const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      const response = await fetch(`${console}/api/review/${path}`, { headers, ...post });
      return { status: response.status, body: (await response.json()) as DeskAnswer };
    },
  };
}

/** Every item of the queue, whatever its state. */
export async function listEverything(desk: DeskClient): Promise<{ traceId: string; state: string; count: number }[]> {
  const all: { traceId: string; state: string; count: number }[] = [];
  for (;;) {
    const { status, body } = await desk.call(`items?limit=200&offset=${all.length}`);
    if (status !== 200) throw new Error(`the list answered ${status} ${JSON.stringify(body)}`);
    all.push(...(body.items ?? []));
    if ((body.items ?? []).length < 200) return all;
  }
}
