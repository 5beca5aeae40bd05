/**
 * JSON with sorted keys, so that equal data has equal text. Typed arrays become lists, numbers that JSON lacks become
 * text; throws an `Error` for anything that is not plain data.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value));
}

function sortKeys(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : { number: String(value) };
  if (Array.isArray(value)) return value.map(sortKeys);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number>, sortKeys);
  }
  if (typeof value !== "object" || ![Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) {
    throw new Error(`a ${typeof value === "object" ? value.constructor.name : typeof value} is not plain data`);
  }
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, entry]) => [key, sortKeys(entry)]),
  );
}
