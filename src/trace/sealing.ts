import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Seals texts with one key, and derives from it what must be the same for everyone who holds it. */
export interface Sealing {
  /** The first 16 hex digits of a value that only this key gives; tells keys apart and reveals nothing of them. */
  readonly keyId: string;
  /** `context` says what the text is and where it belongs; only the same context opens it. */
  seal(text: string, context: string): string;
  /** Throws when the text was sealed with another key or context, or changed since. */
  open(sealed: string, context: string): string;
  /** Like `open`; a text that was never sealed comes back as it is. For rows from before there was a key. */
  openAny(text: string, context: string): string;
  /** A keyed hash of the parts, 64 hex digits: equal for equal parts, and no one without the key can guess them from it. */
  digest(...parts: readonly string[]): string;
}

/** No JSON text begins so. */
const [PREFIX, PACKED_PREFIX] = ["sealed1:", "sealedz:"];
/** From so many bytes on a text is deflated first: a re-read of 200,000 characters takes a third of the room. */
const PACKED_BYTES = 4_096;
const [IV_BYTES, TAG_BYTES] = [12, 16];

/** AES-256-GCM with a random IV for each text. `key` has 32 bytes; one key is derived from it for each purpose. */
export function createSealing(key: Uint8Array): Sealing {
  if (key.length !== 32) throw new Error(`a sealing key has 32 bytes, not ${key.length}`);
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", key, "", `lensgate ${purpose}`, 32));
  const [textKey, digestKey] = [derive("texts"), derive("digests")];
  const digest = (...parts: readonly string[]): string =>
    createHmac("sha256", digestKey).update(JSON.stringify(parts)).digest("hex");

  function open(sealed: string, context: string): string {
    if (!isSealed(sealed)) throw new Error("this is no sealed text");
    const isPacked = sealed.startsWith(PACKED_PREFIX);
    const bytes = Buffer.from(sealed.slice(PREFIX.length), "base64");
    try {
      const decipher = createDecipheriv("aes-256-gcm", textKey, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(placeOf(context, isPacked));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const body = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      const whole = Buffer.concat([body, decipher.final()]);
      return (isPacked ? inflateRawSync(whole) : whole).toString("utf8");
    } catch (error) {
      throw new Error(`a sealed text (${context}) was sealed with another key, or changed`, { cause: error });
    }
  }

  return {
    keyId: digest("key id").slice(0, 16),
    seal(text, context) {
      const plain = Buffer.from(text);
      const isPacked = plain.length >= PACKED_BYTES;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", textKey, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(placeOf(context, isPacked));
      const body = Buffer.concat([cipher.update(isPacked ? deflateRawSync(plain) : plain), cipher.final()]);
      return (isPacked ? PACKED_PREFIX : PREFIX) + Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
    },
    open,
    openAny: (text, context) => (isSealed(text) ? open(text, context) : text),
    digest,
  };
}

/** What a sealed text is bound to: its context, and whether it is to be inflated. */
function placeOf(context: string, isPacked: boolean): Buffer {
  return Buffer.from(isPacked ? `${context} deflated` : context);
}

function isSealed(text: string): boolean {
  return text.startsWith(PREFIX) || text.startsWith(PACKED_PREFIX);
}

/** Leaves texts as they are, for tests of what does not seal. It opens no sealed text, and its digests anyone can compute. */
export function createClearSealing(): Sealing {
  const unkeyed = createSealing(new Uint8Array(32));
  const open = (text: string): string => {
    if (isSealed(text)) throw new Error("this text is sealed, and there is no key");
    return text;
  };
  return { keyId: "", seal: (text) => text, open, openAny: open, digest: unkeyed.digest };
}
