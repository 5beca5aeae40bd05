import { ConfigError } from "../errors.ts";

/** Typed access to a file's metadata. Each getter throws a `ConfigError` that names the file and the key which is missing or of another type. */
export interface GgufMetadata {
  has(key: string): boolean;
  string(key: string): string;
  number(key: string): number;
  boolean(key: string): boolean;
  strings(key: string): readonly string[];
  numbers(key: string): readonly number[];
  optionalString(key: string): string | undefined;
  optionalNumber(key: string): number | undefined;
  optionalBoolean(key: string): boolean | undefined;
}

/** Wraps the raw key-value pairs of `file`. 64-bit integers become numbers; one beyond 2^53 is refused. */
export function createMetadata(file: string, raw: object): GgufMetadata {
  const values = new Map<string, unknown>(Object.entries(raw));

  function refuse(key: string, message: string): ConfigError {
    const cure = "take a complete GGUF of this model; an old conversion may lack this key";
    return new ConfigError([{ file, field: key, message, cure }]);
  }

  function read<T>(key: string, expected: string, convert: (value: unknown) => T | undefined): T {
    if (!values.has(key)) throw refuse(key, "the metadata has no such key");
    const converted = convert(values.get(key));
    if (converted === undefined) throw refuse(key, `the metadata's value is not ${expected}`);
    return converted;
  }

  const string = (key: string): string => read(key, "a string", asString);
  const number = (key: string): number => read(key, "a number", asNumber);
  const boolean = (key: string): boolean => read(key, "true or false", asBoolean);
  return {
    has: (key) => values.has(key),
    string,
    number,
    boolean,
    strings: (key) => read(key, "a list of strings", (value) => asList(value, asString)),
    numbers: (key) => read(key, "a list of numbers", (value) => asList(value, asNumber)),
    optionalString: (key) => (values.has(key) ? string(key) : undefined),
    optionalNumber: (key) => (values.has(key) ? number(key) : undefined),
    optionalBoolean: (key) => (values.has(key) ? boolean(key) : undefined),
  };
}

function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "bigint") return undefined;
  const converted = Number(value);
  return Number.isSafeInteger(converted) ? converted : undefined;
}

function asList<T>(value: unknown, convert: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: T[] = [];
  for (const item of value) {
    const converted = convert(item);
    if (converted === undefined) return undefined;
    list.push(converted);
  }
  return list;
}
