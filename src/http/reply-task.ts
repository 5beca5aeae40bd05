import type { Response } from "express";
import type { RunEvent } from "../engine/engine.ts";
import type { Account } from "./account.ts";
import type { Admitted } from "./admission.ts";
import type { Departure } from "./departure.ts";
import type { RequestTimeouts } from "./options.ts";
import type { ReplyShape } from "./reply-shape.ts";

/** A run under way and the client that waits for it. */
export interface ReplyTask {
  readonly admitted: Admitted;
  readonly events: AsyncIterable<RunEvent>;
  readonly response: Response;
  readonly account: Account;
  readonly departure: Departure;
  readonly shape: ReplyShape;
  readonly timeouts: RequestTimeouts;
}
