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
  /** The gateway that it was heard from; absent where it was set here. */
  readonly gateway?: string;
}

/** That somebody ended an override before its time. Kept until its time would have been over, so that no copy brings it back. */
export interface OverrideEnding extends Pick<Override, "id" | "until" | "actor" | "gateway"> {
  readonly at: number;
}

/** The overrides of one state folder. Every process that opens it sees the same; what is gone is in the audit log. */
export interface OverrideStore {
  /** Oldest first, expired ones included until they are taken out. */
  list(): Override[];
  /** Says whether it is new: one that is there, or was ended, is left as it is. */
  add(override: Override): boolean;
  /** Takes out one whose time is over. Of several that do so, one is told that it was there. */
  remove(id: string): boolean;
  /** Notes that one was ended, and takes it out: answers with it where it was there. Without it here, it does not come any more. */
  end(ending: OverrideEnding): Override | undefined;
  /** Those whose override would still be in force. */
  endings(): OverrideEnding[];
  /** What of it, by names of the caller's choice, this state of the other side was told. */
  told(epoch: string): ReadonlySet<string>;
  /** Replaces what was told. */
  setTold(epoch: string, names: readonly string[]): void;
}

const [NAME, ENDINGS, TOLD] = ["overrides", "override_endings", "told_overrides"];

/** Overrides in the state database. `clock`: milliseconds since 1970. */
export function createOverrideStore(database: Database, clock: () => number = Date.now): OverrideStore {
  const settings = createSettings(database);
  const read = <Row>(name: string): Row[] => JSON.parse(settings.get(name) ?? "[]") as Row[];
  const write = (name: string, rows: readonly unknown[]): void => settings.set(name, JSON.stringify(rows));
  const list = () => read<Override>(NAME);
  const endings = () => read<OverrideEnding>(ENDINGS).filter(({ until }) => until > clock());
  const isIn = (rows: readonly { readonly id: string }[], id: string): boolean => rows.some((row) => row.id === id);

  /** Inside a transaction. */
  function take(id: string): Override | undefined {
    const before = list();
    const found = before.find((override) => override.id === id);
    if (found !== undefined)
      write(
        NAME,
        before.filter((override) => override.id !== id),
      );
    return found;
  }
  return {
    list,
    endings,
    add: (override) =>
      database.transaction(() => {
        const there = list();
        if (isIn(there, override.id) || isIn(endings(), override.id)) return false;
        write(NAME, [...there, override]);
        return true;
      }),
    remove: (id) => database.transaction(() => take(id) !== undefined),
    end: (ending) =>
      database.transaction(() => {
        const there = endings();
        if (!isIn(there, ending.id)) write(ENDINGS, [...there, ending]);
        return take(ending.id);
      }),
    told(epoch) {
      const [knownEpoch, ...names] = read<string>(TOLD);
      return new Set(knownEpoch === epoch ? names : []);
    },
    setTold: (epoch, names) => write(TOLD, [epoch, ...names]),
  };
}
