import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { NEEDS_RESTART, RELOADABLE } from "../../src/config/changes.ts";
import { gatewaySchema } from "../../src/config/schema.ts";
import { resolvePolicies } from "../../src/config/policies.ts";
import { atRoot, codeBlocks, codeSpans, listDocuments, readDocument, tableRows } from "../support/documents.ts";

interface Field {
  readonly default?: string | number | boolean | readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Field | boolean;
  readonly items?: Field;
}

const schema = z.toJSONSchema(gatewaySchema, { io: "input" }) as Field;
const text = readDocument("docs/configuration.md");
const rows = new Map(tableRows(text).map((cells) => [codeSpans(cells[0] ?? "")[0] ?? "", cells]));

/** Every field that takes a value, as `engine.slots`, `keys[].id` or `policies.<name>.mode`. */
function fieldsOf(field: Field, path = ""): [string, Field][] {
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (field.properties) return Object.entries(field.properties).flatMap(([name, inner]) => fieldsOf(inner, at(name)));
  if (typeof field.additionalProperties === "object") {
    return fieldsOf(field.additionalProperties, at(/(detectors|weights)$/.test(path) ? "<id>" : "<name>"));
  }
  if (field.items?.properties) return fieldsOf(field.items, `${path}[]`);
  return [[path, field]];
}

const fields = fieldsOf(schema);

describe("docs/configuration.md", () => {
  it("has a row for every field of gateway.yaml, and none for a field that is not there", () => {
    const documented = [...rows].filter(([, cells]) => cells.length === 4).map(([name]) => name);
    expect(documented.sort()).toEqual(fields.map(([name]) => name).sort());
  });

  it.each(fields.filter(([, field]) => field.enum))("names the values of %s", (name, field) => {
    expect(codeSpans(rows.get(name)?.[1] ?? "")).toEqual(field.enum);
  });

  it.each(fields.filter(([, field]) => field.maximum !== undefined))("names the bounds of %s", (name, field) => {
    expect(rows.get(name)?.[1]).toBe(`${field.minimum} to ${field.maximum}`);
  });

  it.each(fields.filter(([name]) => !name.startsWith("policies.")))("names the default of %s", (name, field) => {
    const isRequired =
      /^(model|default_policy|keys\[\]\.(id|sha256)|review\.reviewers\[\]\.(name|password)|privacy\.redact\[\]\.(name|pattern)|canaries\.prompts\[\]\.(detector|expect))$/.test(
        name,
      );
    const fallback = field.default;
    const shown = Array.isArray(fallback) ? "[]" : String(fallback ?? (isRequired ? "required" : "–"));
    expect((rows.get(name)?.[2] ?? "").replaceAll("`", "")).toBe(shown);
  });

  it("calls required exactly what the file must have", () => {
    const key = schema.properties?.["keys"]?.items;
    const reviewer = schema.properties?.["review"]?.properties?.["reviewers"]?.items;
    const pattern = schema.properties?.["privacy"]?.properties?.["redact"]?.items;
    const canary = schema.properties?.["canaries"]?.properties?.["prompts"]?.items;
    const required = [
      ...(schema.required ?? []),
      ...(key?.required ?? []).map((name) => `keys[].${name}`),
      ...(reviewer?.required ?? []).map((name) => `review.reviewers[].${name}`),
      ...(pattern?.required ?? []).map((name) => `privacy.redact[].${name}`),
      ...(canary?.required ?? []).map((name) => `canaries.prompts[].${name}`),
    ];
    // The map of policies is in the rows of its fields; these may come from the policy that is extended.
    const merged = ["detectors.<id>.action", ...["of", "rule", "action"].map((field) => `combine.<name>.${field}`)];
    const named = [
      ...required.filter((name) => name !== "policies"),
      ...merged.map((name) => `policies.<name>.${name}`),
    ];
    const documented = [...rows].filter(([, cells]) => cells[2] === "required").map(([name]) => name);
    expect(documented.sort()).toEqual(named.sort());
  });

  it("names the defaults of a policy that says nothing", () => {
    const { policies } = resolvePolicies({ quiet: { detectors: { any: { action: "observe" } } } }, ["any"]);
    const { mode, holdTokens, onAbort, promptScope, detectors } = policies["quiet"] ?? {};
    const shown = (name: string) => (rows.get(`policies.<name>.${name}`)?.[2] ?? "").replaceAll("`", "");
    expect([shown("mode"), shown("hold_tokens"), shown("on_abort"), shown("prompt_scope")]).toEqual(
      [mode, holdTokens, onAbort, promptScope].map(String),
    );
    expect(shown("detectors.<id>.on_error")).toBe(detectors?.["any"]?.onError);
  });

  it("says of every field whether a running gateway takes it on", () => {
    const [, section = ""] = text.split("These need a restart: ");
    const [list = ""] = section.split(". A file");
    const restart = codeSpans(list);
    const isBelow = (name: string, whole: string) =>
      name === whole || name.startsWith(`${whole}.`) || name.startsWith(`${whole}[]`);
    for (const [name] of fields) {
      const free = Object.keys(RELOADABLE).filter((whole) => isBelow(name, whole));
      const bound = Object.keys(NEEDS_RESTART).filter((whole) => isBelow(name, whole));
      expect(free.length + bound.length, `${name} is in one of the two tables`).toBe(1);
      const isSaid = restart.some((whole) => isBelow(name, whole) && whole !== "review.reviewers");
      const isReviewer = isBelow(name, "review.reviewers");
      expect(isSaid && !isReviewer, name).toBe(bound.length > 0);
    }
  });

  it("names every environment variable that the sources read, and no other", () => {
    const sources = readdirSync(atRoot("src"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const read = sources.flatMap((file) => {
      const source = readFileSync(atRoot(`src/${file}`), "utf8");
      return [
        ...source.matchAll(/(?:environment|process\.env)\["(\w+)"\]|\["(LENSGATE_\w+)", |"(LENSGATE_\w+_FILE)"\]/g),
      ].flatMap((match) => match.slice(1).filter((name) => name !== undefined));
    });
    const documented = [...rows.keys()].filter((name) => /^[A-Z_]+$/.test(name));
    const second = codeSpans([...rows.values()].find(([cell]) => cell?.includes("XDG_CACHE_HOME"))?.[0] ?? "");
    expect([...new Set([...documented, ...second])].sort()).toEqual(
      [...new Set(read)].filter((name) => name !== "HOME").sort(),
    );
  });
});

describe("the snippets of gateway.yaml in the documents", () => {
  const snippets = listDocuments().flatMap((path) =>
    codeBlocks(readDocument(path), "yaml")
      .filter((block) => block.startsWith("# gateway.yaml\n"))
      .map((block) => [path, block] as const),
  );

  it.each(snippets)("pass the schema: %s", (_path, block) => {
    const whole = { model: "m", default_policy: "default", policies: {}, ...(parse(block) as object) };
    expect(gatewaySchema.safeParse(whole).error).toBeUndefined();
    expect(snippets.length).toBeGreaterThan(1);
  });
});

describe("README.md", () => {
  it("lists exactly the policies that ship", () => {
    const shipped = parse(readFileSync(atRoot("gateway.yaml"), "utf8")) as { policies: object };
    const rowsOfReadme = tableRows(readDocument("README.md")).map((cells) => codeSpans(cells[0] ?? "")[0]);
    const names = Object.keys(shipped.policies);
    expect(rowsOfReadme.filter((name) => name !== undefined && /^[a-z]+(-[a-z]+)?$/.test(name))).toEqual(names);
  });
});
