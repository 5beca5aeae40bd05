import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { atRoot } from "./documents.ts";

/** One rule as Prometheus reads it. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The files in `rules/` that end so, by path. */
export function ruleFiles(ending: ".rules.yml" | ".test.yml"): string[] {
  const folder = atRoot("rules");
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

/** Every rule of every file in `rules/`. */
export function readRules(): Rule[] {
  return ruleFiles(".rules.yml").flatMap((path) => {
    const { groups } = parse(readFileSync(path, "utf8")) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  });
}
