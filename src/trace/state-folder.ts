import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The folder for traces, verdicts and the review queue: the one named on the command line, else `LENSGATE_STATE_DIR`,
 * else `lensgate` under `XDG_STATE_HOME`, else `~/.local/state/lensgate`. Empty values count as absent.
 */
export function stateFolder(named?: string, environment: NodeJS.ProcessEnv = process.env): string {
  const own = named || environment["LENSGATE_STATE_DIR"];
  if (own) return resolve(own);
  const base = environment["XDG_STATE_HOME"] || join(environment["HOME"] || homedir(), ".local", "state");
  return join(resolve(base), "lensgate");
}
