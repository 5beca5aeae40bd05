import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";

/** What one installation remembers about itself: short values by name. */
export interface Settings {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  /** Keeps `value` when there is none yet; returns the one that is there now. */
  keep(name: string, value: string): string;
}

/** Settings in the state database. */
export function createSettings(database: Database): Settings {
  const find = database.prepare<{ value: string }>("SELECT value FROM settings WHERE name = ?");
  const insert = database.prepare("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const write = database.prepare(
    "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const get = (name: string) => find.get(name)?.value;
  return {
    get,
    set: (name, value) => void write.run(name, value),
    keep(name, value) {
      const known = get(name);
      if (known !== undefined) return known;
      insert.run(name, value);
      return get(name) ?? value;
    },
  };
}

/** Tells this state folder from those of other gateways: 16 hex digits, drawn once. */
export function gatewayIdOf(settings: Settings): string {
  return settings.keep("gateway_id", randomBytes(8).toString("hex"));
}
