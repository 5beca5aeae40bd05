import { Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Node } from "yaml";
import type { z } from "zod";
import { ConfigError, type Problem } from "./errors.ts";
import { checkSchema } from "./schema-problem.ts";

/** A fault at one place of a YAML file, before it has a line. */
export interface YamlFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly cure: string;
}

/** One YAML file as plain data that still knows its lines. */
export interface YamlDocument {
  readonly file: string;
  readonly data: unknown;
  /** Gives a fault its file, line and field: the line of the key, or of the map in which the key is missing. */
  problemAt(fault: YamlFault): Problem;
  /** The part at `path` (default: all) checked by a strict schema; throws `ConfigError` with every problem. */
  check<Value>(schema: z.ZodType<Value>, path?: readonly PropertyKey[]): Value;
}

/**
 * Parses YAML 1.2. Syntax errors, duplicate keys, keys that are not text, several documents, unknown tags, anchors and
 * aliases are refused; throws `ConfigError` with every problem.
 */
export function readYaml(file: string, text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, stringKeys: true, prettyErrors: false });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    message: error.message,
    cure: error.code === "DUPLICATE_KEY" ? "keep one of the two" : "correct the YAML",
  }));
  if (problems.length === 0) problems.push(...findAnchors(document, file, lines));
  if (problems.length > 0) throw new ConfigError(problems);
  const data: unknown = document.toJS();
  const problemAt = (fault: YamlFault): Problem => ({
    file,
    ...lineAt(document, lines, fault.path),
    field: formatField(fault.path),
    message: fault.message,
    cure: fault.cure,
  });
  return {
    file,
    data,
    problemAt,
    check: (schema, path = []) => {
      const result = checkSchema(schema, valueAt(data, path));
      if (result.ok) return result.value;
      throw new ConfigError(result.problems.map((each) => problemAt({ ...each, path: [...path, ...each.path] })));
    },
  };
}

/** A key of the top level with its new value; `flow` writes a map on one line. */
export interface YamlEdit {
  readonly key: string;
  readonly value: unknown;
  readonly flow?: boolean;
}

/** The text with some keys of the top level set, each where it stood, else at the end; all other lines stay. Throws as `readYaml` does. */
export function editYaml(file: string, text: string, edits: readonly YamlEdit[]): string {
  readYaml(file, text);
  return edits.reduce(setKey, text);
}

function setKey(text: string, { key, value, flow = false }: YamlEdit): string {
  const document = parseDocument(text, { stringKeys: true });
  const node = document.createNode(value, { aliasDuplicateObjects: false, flow });
  const { contents: root } = document;
  const pair = isMap(root) ? root.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  if (!isMap(root) || root.flow || !isScalar(pair?.key) || !pair.key.range || !isNode(pair.value)) {
    document.set(key, node);
    return document.toString({ lineWidth: 0 });
  }
  // Only this key is written anew: a document that is written as a whole moves comments.
  const [start] = pair.key.range;
  const end = pair.value.range?.[1] ?? start;
  const entry = new Document({});
  entry.set(key, node);
  const written = entry.toString({ lineWidth: 0 }).trimEnd();
  return `${text.slice(0, start)}${written}${text.slice(text.slice(0, end).trimEnd().length)}`;
}

/** `["keys", 0, "sha256"]` → `keys[0].sha256`. */
export function formatField(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

/** Aliases are refused as a whole: a few lines of them unfold into gigabytes, and policies have `extends`. */
function findAnchors(document: Document, file: string, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  const report = (node: Node): void => {
    const line = lines.linePos(node.range?.[0] ?? 0).line;
    found.push({ file, line, message: "anchors and aliases are not allowed", cure: "write the value out" });
  };
  visit(document, {
    Alias: (_, node) => report(node),
    Value: (_, node) => {
      if (node.anchor !== undefined) report(node);
    },
  });
  return found;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined),
    data,
  );
}

function lineAt(document: Document, lines: LineCounter, path: readonly PropertyKey[]): { line?: number } {
  let node: unknown = document.contents;
  let offset = isMap(node) || isSeq(node) ? node.range?.[0] : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (isScalar(node) || isMap(node) || isSeq(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined || offset === null ? {} : { line: lines.linePos(offset).line };
}
