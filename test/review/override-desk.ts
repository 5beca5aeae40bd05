import { endOverrides, setOverride } from "../../src/review/overriding.ts";
import type { ReviewParts } from "../../src/review/desk.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";

/** The parts of a desk that set and end overrides of `sea` and `sky`, kept in a state folder. */
export function openOverrideDesk(folder: string) {
  const database = openDatabase({ folder });
  const store = createOverrideStore(database);
  const audit = createAuditLog(database);
  const names = ["sea", "sky"];
  const parts: Pick<ReviewParts, "overrides" | "braking"> = {
    overrides: store.list,
    braking: {
      names: () => names,
      set: (wish) => setOverride({ store, audit, names }, wish),
      async end(id, reviewer) {
        return (await endOverrides({ store, audit }, { isMeant: (each) => each.id === id, reviewer }))[0];
      },
    },
  };
  return { store, parts };
}
