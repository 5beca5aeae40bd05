import { createAuditLog } from "../trace/audit-log.ts";
import { openDatabase, type Database } from "../trace/database.ts";
import { createDecisionStore } from "../trace/decision-store.ts";
import { createEnrichmentStore } from "../trace/enrichment-store.ts";
import { createErasures, type Erasures } from "../trace/erasures.ts";
import { createOutbox, type Outbox } from "../trace/outbox.ts";
import { createOverrideStore, type OverrideStore } from "../trace/override-store.ts";
import { createScoreLog } from "../trace/score-log.ts";
import type { Sealing } from "../trace/sealing.ts";
import { createSettings, gatewayIdOf, type Settings } from "../trace/settings.ts";
import { openSealing } from "../trace/trace-key.ts";
import { createTraceStore } from "../trace/trace-store.ts";

/** Which state folder, and how it is opened. */
export interface LocalStoresOptions {
  readonly folder: string;
  /** Refuse a folder without a database, for readers. */
  readonly mustExist?: boolean;
  /** The key must come from the environment, since others have the same. */
  readonly sharedKey?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Everything that one state folder holds. All of it goes over one connection; `database.close` lets go of it. */
export interface LocalStores {
  readonly database: Database;
  readonly sealing: Sealing;
  readonly settings: Settings;
  readonly gatewayId: string;
  readonly traces: ReturnType<typeof createTraceStore>;
  readonly decisions: ReturnType<typeof createDecisionStore>;
  readonly enrichments: ReturnType<typeof createEnrichmentStore>;
  readonly scores: ReturnType<typeof createScoreLog>;
  readonly audit: ReturnType<typeof createAuditLog>;
  readonly outbox: Outbox;
  readonly erasures: Erasures;
  readonly overrides: OverrideStore;
}

/** Opens the stores of a state folder with its key. Throws `ConfigError` like `openDatabase` and `openSealing`. */
export function openLocalStores(options: LocalStoresOptions): LocalStores {
  const { folder, mustExist = false, sharedKey = false, environment = process.env } = options;
  const database = openDatabase({ folder, mustExist });
  try {
    const sealing = openSealing({ database, environment, shared: sharedKey });
    const settings = createSettings(database);
    return {
      database,
      sealing,
      settings,
      gatewayId: gatewayIdOf(settings),
      traces: createTraceStore(database, sealing),
      decisions: createDecisionStore(database, sealing),
      enrichments: createEnrichmentStore(database, sealing),
      scores: createScoreLog(database),
      audit: createAuditLog(database),
      outbox: createOutbox(database),
      erasures: createErasures(database),
      overrides: createOverrideStore(database),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
