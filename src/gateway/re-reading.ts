import { readerSettingsOf } from "../enrichment/reader-settings.ts";
import { startEnrichment } from "../enrichment/start-enrichment.ts";
import type { Metrics } from "../metrics.ts";
import type { EnrichmentStore } from "../trace/stores.ts";
import { engineOptions, type Running } from "./running.ts";

/** Reads flagged and sampled traces again in the background, where the configuration says so. Closing ends it. */
export function startReReading(running: Running, tax: Pick<Metrics["tax"], "enriched">): { close(): Promise<void> } {
  const { config, engine, records, log } = running;
  if (!config.enrichment.enabled) return { close: async () => undefined };
  const { work, traces } = records;
  return startEnrichment({
    work,
    traces,
    enrichments: counted(records.enrichments, tax),
    settings: () => readerSettingsOf({ ...engineOptions(running), threads: config.enrichment.threads }),
    config: config.enrichment,
    isBusy() {
      const { running: active, waiting } = engine.status();
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
