import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** Cost of new hashes: 32 MiB and three passes, about 0.2 s. */
const COST = { N: 32_768, r: 8, p: 3 };
/** What a hash of the configuration may cost at most: 256 MiB. */
const MOST = { N: 262_144, r: 16, p: 16, bytes: 268_435_456 };
const HASH_BYTES = 32;
const FORM = /^scrypt\$(\d{1,7})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]{22,86})\$([A-Za-z0-9_-]{43})$/;

/** Checked where nobody has the name that was given, so that an unknown name takes as long as a wrong password. */
export const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$${"A".repeat(22)}$${"A".repeat(43)}`;

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url: what `review.reviewers[].password` holds. */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const { N, r, p } = cost;
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ["scrypt", N, r, p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Whether a password fits a hash. False, too, for a hash that is malformed or would cost too much. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const match = FORM.exec(stored);
  if (match === null) return false;
  const [, N = "", r = "", p = "", salt = "", hash = ""] = match;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (!isAffordable(cost)) return false;
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64url"), cost), Buffer.from(hash, "base64url"));
}

function isAffordable({ N, r, p }: typeof COST): boolean {
  const isPower = N > 1 && Number.isInteger(Math.log2(N));
  return isPower && N <= MOST.N && r >= 1 && r <= MOST.r && p >= 1 && p <= MOST.p && 128 * N * r <= MOST.bytes;
}

/** Two spellings of one character are one password. */
function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  const options = { ...cost, maxmem: 2 * MOST.bytes };
  return new Promise((resolve, reject) =>
    scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
}
