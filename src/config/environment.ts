import { ConfigError, type Problem } from "../errors.ts";
import type { GatewayFile } from "./schema.ts";
import { secretOf } from "../secret-files.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = [
  ["LENSGATE_PORT", "api"],
  ["LENSGATE_CONSOLE_PORT", "console"],
] as const;

/**
 * The file with its ports replaced by those of `LENSGATE_PORT` and `LENSGATE_CONSOLE_PORT`, and the address of Redis by
 * `LENSGATE_REDIS_URL` (or what the file of `LENSGATE_REDIS_URL_FILE` holds), where they are set.
 */
export function applyEnvironment(
  file: GatewayFile,
  environment: Environment,
): { file: GatewayFile; problems: Problem[] } {
  const problems: Problem[] = [];
  let changed = file;
  for (const [variable, listener] of VARIABLES) {
    const text = environment[variable];
    if (text === undefined || text === "") continue;
    const port = Number(text);
    if (!/^\d{1,5}$/.test(text) || port > 65_535) {
      const cure = "set it to a whole number from 0 to 65535, or unset it";
      problems.push({ file: variable, message: `"${text}" is not a port`, cure });
    } else changed = { ...changed, [listener]: { ...changed[listener], port } };
  }
  const url = readUrl(environment, problems);
  if (url !== undefined) {
    const redis = { ...changed.queue.redis, url };
    // The value may hold a password, so it is not repeated.
    if (URL.canParse(url) && /^rediss?:\/\//.test(url)) changed = { ...changed, queue: { ...changed.queue, redis } };
    else {
      const cure = "write it like redis://127.0.0.1:6379, or unset it";
      problems.push({ file: "LENSGATE_REDIS_URL", message: "is not a Redis address", cure });
    }
  }
  return { file: changed, problems };
}

function readUrl(environment: Environment, problems: Problem[]): string | undefined {
  try {
    return secretOf(environment, "LENSGATE_REDIS_URL");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
