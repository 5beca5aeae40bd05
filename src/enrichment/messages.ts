import type { Trace } from "../trace/trace.ts";
import type { ReaderSettings } from "./reader-settings.ts";

/** What the gateway says to the reading process. */
export type ToReader =
  /** First of all. */
  | { readonly type: "open"; readonly settings: ReaderSettings }
  | { readonly type: "read"; readonly trace: Trace }
  | { readonly type: "close" };

/** What the reading process says. */
export type FromReader =
  | { readonly type: "ready" }
  /** `body` is an `Enrichment` or an `EnrichmentFailure` as JSON. */
  | { readonly type: "read"; readonly traceId: string; readonly body: string }
  /** The last message before it leaves: what broke. */
  | { readonly type: "broken"; readonly message: string };
