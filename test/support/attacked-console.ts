import { hashPassword } from "../../src/review/password.ts";
import { logIn } from "./console-login.ts";
import { startLive, type LiveGateway, type LiveOptions } from "./live-gateway.ts";
import { ask, traceIdOf, until } from "./wire-reply.ts";

const COST = { N: 1_024, r: 8, p: 1 };
const PEOPLE = { ada: "reviewer", grace: "reviewer", lin: "lead" };

/** Someone's session at a console. */
export interface Caller {
  readonly cookie: string;
  readonly csrf: string;
  readonly headers: Readonly<Record<string, string>>;
  get(path: string): Promise<Answer>;
  /** A body of text goes as it is. */
  post(path: string, body?: object | string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
  /** The body as it came. */
  readonly body: Record<string, unknown>;
}

/** A real gateway whose detector flags prompts about dogs, with `ada` and `grace` as reviewers and `lin` as lead. */
export async function startAttacked(review: object = {}, fields: object = {}) {
  const reviewers = await Promise.all(
    Object.entries(PEOPLE).map(async ([name, role]) => ({
      name,
      role,
      password: await hashPassword(`${name}'s secret`, COST),
    })),
  );
  const options: LiveOptions = {
    detectors: { "dog-watch": { at: { text: " dog" } } },
    policies: { guard: { mode: "enforce", hold_tokens: 0, detectors: { "dog-watch": { action: "flag" } } } },
    fields: { engine: { threads: 1 }, enrichment: { enabled: false }, review: { reviewers, ...review }, ...fields },
  };
  const live = await startLive(options);
  return {
    ...live,
    /** Has a reply made and waits for its review item. */
    async flag(content: string): Promise<string> {
      const id = traceIdOf(await ask(live, { content, policy: "guard" }));
      await until(() => live.queue.get(id));
      return id;
    },
    as: (name: keyof typeof PEOPLE) => enter(live, name),
  };
}

/** What `startAttacked` gives. */
export type Attacked = Awaited<ReturnType<typeof startAttacked>>;

async function enter({ console }: Pick<LiveGateway, "console">, name: string): Promise<Caller> {
  const { cookie, session, headers } = await logIn(console, name, `${name}'s secret`);
  const call = async (path: string, options: RequestInit): Promise<Answer> =>
    toAnswer(await fetch(`${console}/api/review/${path}`, options));
  return {
    cookie,
    csrf: session.csrf,
    headers,
    get: (path) => call(path, { headers }),
    post: (path, body = {}, extra = {}) =>
      call(path, {
        method: "POST",
        headers: { ...headers, ...extra },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
  };
}

/** Reads an answer of the console. */
export async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown>;
  const error = body["error"] as { readonly code?: string } | undefined;
  return { status: response.status, text, code: error?.code, body };
}
