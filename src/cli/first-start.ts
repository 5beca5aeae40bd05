import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where things are written, and what from. */
export interface FirstStartOptions {
  /** Takes `gateway.yaml`, `detectors/`, `trace.key` and `redis.password`. */
  readonly folder: string;
  readonly template: string;
  /** Copied beside the configuration. */
  readonly detectors: string;
  /** Takes a configuration of Redis with its password. */
  readonly redis?: string | undefined;
  /** Takes the password of Grafana's `admin`. */
  readonly grafana?: string | undefined;
  readonly hashPassword: (password: string) => Promise<string>;
  /** So many random bytes. */
  readonly random?: (bytes: number) => Buffer;
}

/** A secret that was drawn now, for the one time that it is shown. */
export interface DrawnSecret {
  readonly what: string;
  readonly value: string;
}

/** Its owner writes; its group, which is that of the containers that share a volume, reads. */
const SHARED_MODE = 0o640;
const OWN_MODE = 0o600;

/**
 * Writes what a first start needs, with random keys and passwords, and leaves alone what is there. Returns the secrets that a person
 * needs; nothing else knows them afterwards, since only their hashes are kept.
 */
export async function prepareFirstStart(options: FirstStartOptions): Promise<DrawnSecret[]> {
  const { folder, redis, grafana, random = randomBytes } = options;
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  writeOnce(join(folder, "trace.key"), () => random(32).toString("hex"), OWN_MODE);
  writeOnce(join(folder, "redis.password"), () => random(24).toString("hex"), OWN_MODE);
  const redisPassword = readFileSync(join(folder, "redis.password"), "utf8").trim();
  if (redis !== undefined) writeOnce(redis, () => redisSettings(redisPassword), SHARED_MODE);
  if (!existsSync(join(folder, "detectors")))
    cpSync(options.detectors, join(folder, "detectors"), {
      recursive: true,
      filter: (path) => !path.endsWith("/data"),
    });
  const drawn: DrawnSecret[] = [];
  if (grafana !== undefined) {
    const value = random(18).toString("base64url");
    if (writeOnce(grafana, () => value, SHARED_MODE)) drawn.push({ what: "Grafana: user admin, password", value });
  }
  return [...drawn, ...(await writeConfiguration(options, random))];
}

/** The API key and the password of the first lead, of which the file holds hashes alone. */
async function writeConfiguration(
  { folder, template, hashPassword }: FirstStartOptions,
  random: (bytes: number) => Buffer,
): Promise<DrawnSecret[]> {
  const file = join(folder, "gateway.yaml");
  if (existsSync(file)) return [];
  const key = `lg_${random(32).toString("base64url")}`;
  const password = random(18).toString("base64url");
  const hash = await hashPassword(password);
  const text = readFileSync(template, "utf8")
    .replaceAll("@KEY_SHA256@", createHash("sha256").update(key).digest("hex"))
    // A function, since the hash is full of dollar signs.
    .replaceAll("@LEAD_PASSWORD@", () => hash);
  if (!writeOnce(file, () => text, SHARED_MODE)) return [];
  return [
    { what: "API: key", value: key },
    { what: "Console: user lead, password", value: password },
  ];
}

/** Says whether it was written now. Of two that start at once one writes. */
function writeOnce(file: string, makeText: () => string, mode: number): boolean {
  try {
    writeFileSync(file, `${makeText()}\n`, { flag: "wx", mode });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Nothing is evicted and every second is on disk: what the review queue needs. */
function redisSettings(password: string): string {
  return [
    "bind * -::*",
    `requirepass ${password}`,
    "dir /data",
    'save ""',
    "appendonly yes",
    "appendfsync everysec",
    "maxmemory 512mb",
    "maxmemory-policy noeviction",
  ].join("\n");
}
