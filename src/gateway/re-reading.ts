import { readerSettingsOf } from "../enrichment/reader-settings.ts";
import { startEnrichment } from "../enrichment/start-enrichment.ts";
import type { Metrics } from "../metrics.ts";
import type { EnrichmentStore } from "../trace/stores.ts";
import { engineOptions, type Running } from "./running.ts";

/** Flagged traces that are read again. */
export interface ReReading {
  /** From now on with the definitions that serve. */
  renew(): void;
  close(): Promise<void>;
}

/** Reads flagged and sampled traces again in the background, where the configuration says so. Closing ends it. */
export function startReReading(running: Running, tax: Pick<Metrics["tax"], "enriched">): ReReading {
  const { serving, model, records, log } = running;
  const { enrichment } = serving.definitions.config;
  if (!enrichment.enabled) return { renew: () => undefined, close: async () => undefined };
  const { work, traces } = records;
  return startEnrichment({
    work,
    traces,
    enrichments: counted(records.enrichments, tax),
    settings: () => {
      const { config, detectors } = serving.definitions;
      return readerSettingsOf({ ...engineOptions({ config, detectors, model, log }), threads: enrichment.threads });
    },
    config: enrichment,
    isBusy() {
      const { running: active, waiting } = serving.current.seat.engine.status();
      return active + waiting > 0;
    },
    log,
  });
}

/** What a re-read took is part of the safety tax. */
function counted(enrichments: EnrichmentStore, tax: Pick<Metrics["tax"], "enriched">): EnrichmentStore {
  return {
    ...enrichments,
    async put(traceId, madeAt, body) {
      await enrichments.put(traceId, madeAt, body);
      const { tookMs } = JSON.parse(body) as { readonly tookMs?: number };
      if (tookMs !== undefined) tax.enriched(tookMs);
    },
  };
}
