import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where prepared weights live: `LENSGATE_CACHE_DIR`, else `XDG_CACHE_HOME/lensgate`, else `~/.cache/lensgate`. */
export function cacheFolder(environment: Environment = process.env, home: string = homedir()): string {
  const own = environment["LENSGATE_CACHE_DIR"];
  if (own) return own;
  const shared = environment["XDG_CACHE_HOME"];
  return shared ? join(shared, "lensgate") : join(home, ".cache", "lensgate");
}
