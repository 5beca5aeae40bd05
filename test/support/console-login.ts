import type { Session } from "../../src/review/sessions.ts";

/** A login to the console: the headers of its page's requests. */
export interface ConsoleLogin {
  readonly status: number;
  readonly session: Session;
  /** `lensgate_session=…` */
  readonly cookie: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Logs in to the console at `origin`. Without configured reviewers any name will do. */
export async function logIn(origin: string, name = "ada", password?: string): Promise<ConsoleLogin> {
  const response = await fetch(`${origin}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, ...(password === undefined ? {} : { password }) }),
  });
  const { session } = (await response.json()) as { readonly session: Session };
  const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
  const headers = { cookie, "content-type": "application/json", "x-csrf-token": session?.csrf ?? "" };
  return { status: response.status, session, cookie, headers };
}
