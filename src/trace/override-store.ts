import type { OverrideMode } from "../decide/policy.ts";
import type { Database } from "./database.ts";
import { createSettings } from "./settings.ts";

/** Somebody's loosening of a detector, a combination or everything, for a while. Times in milliseconds since 1970. */
export interface Override {
  /** `ov_` and 16 hex digits. */
  readonly id: string;
  /** Null: everything. */
  readonly detector: string | null;
  readonly mode: OverrideMode;
  readonly since: number;
  /** From then on it has no force, whether or not it was taken out. */
  readonly until: number;
  readonly actor: string;
  readonly reason: string;
}

/** The overrides of one state folder. Every process that opens it sees the same; what is gone is in the audit log. */
export interface OverrideStore {
  /** Oldest first, expired ones included until they are taken out. */
  list(): Override[];
  add(override: Override): void;
  /** Whether it was there: of several that take one out, one is told so. */
  remove(id: string): boolean;
}

const NAME = "overrides";

/** Overrides in the state database. */
export function createOverrideStore(database: Database): OverrideStore {
  const settings = createSettings(database);
  const list = (): Override[] => JSON.parse(settings.get(NAME) ?? "[]") as Override[];
  const write = (overrides: readonly Override[]): void => settings.set(NAME, JSON.stringify(overrides));
  return {
    list,
    add: (override) => database.transaction(() => write([...list(), override])),
    remove: (id) =>
      database.transaction(() => {
        const before = list();
        const after = before.filter((override) => override.id !== id);
        if (after.length === before.length) return false;
        write(after);
        return true;
      }),
  };
}
