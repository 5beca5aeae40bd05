import { readFileSync, statSync } from "node:fs";
import { ConfigError, type Problem } from "./errors.ts";
import type { Environment } from "./config/environment.ts";

/** Each secret's variable, and the one that names a file instead. */
const SECRETS = [
  ["LENSGATE_TRACE_KEY", "LENSGATE_TRACE_KEY_FILE"],
  ["LENSGATE_REDIS_URL", "LENSGATE_REDIS_URL_FILE"],
  ["LENSGATE_REDIS_PASSWORD", "LENSGATE_REDIS_PASSWORD_FILE"],
  ["LENSGATE_CONSOLE_PASSWORD", "LENSGATE_CONSOLE_PASSWORD_FILE"],
] as const;

/** A variable that holds a secret. */
export type SecretName = (typeof SECRETS)[number][0];

/**
 * A secret from its variable, or from the file that the variable with `_FILE` names, without the line's end. Undefined where neither is set or the
 * variable is empty. Throws `ConfigError` where both are, or where the file cannot be read or is empty.
 */
export function secretOf(environment: Environment, name: SecretName): string | undefined {
  const value = environment[name] || undefined;
  const variable = `${name}_FILE`;
  const file = environment[variable] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) throw problem(name, `${variable} is set, too`, "unset one of the two");
  const text = read(file, variable).replace(/\r?\n$/, "");
  if (text === "")
    throw problem(file, `is empty, and ${variable} names it`, `write the secret into it, or unset ${variable}`);
  return text;
}

/** Files of secrets that others on this machine may read. */
export function findLooseSecrets(environment: Environment): Problem[] {
  return SECRETS.flatMap(([, variable]) => {
    const file = environment[variable] || undefined;
    if (file === undefined || !isLoose(file)) return [];
    return [
      { file, message: `others on this machine may read it, and ${variable} names it`, cure: `chmod 600 ${file}` },
    ];
  });
}

function isLoose(file: string): boolean {
  try {
    return (statSync(file).mode & 0o077) !== 0;
  } catch {
    return false;
  }
}

function read(file: string, variable: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw problem(
      file,
      `cannot be read, and ${variable} names it: ${reason}`,
      `let this user read it, or unset ${variable}`,
    );
  }
}

function problem(file: string, message: string, cure: string): ConfigError {
  return new ConfigError([{ file, message, cure }]);
}
