import { readdirSync, readFileSync } from "node:fs";
import { Registry, collectDefaultMetrics } from "prom-client";
import { SERIES, type Series } from "../../src/metrics/series.ts";
import { atRoot } from "./documents.ts";
import { readRules } from "./rule-files.ts";

/**
 * Series that rules and dashboards name before the part that counts them is there, with their labels. An entry that is in
 * `SERIES` no longer counts here.
 */
const AWAITED: Readonly<Record<string, readonly string[]>> = {
  oversight_canary_success: ["detector"],
  oversight_override_active: ["detector", "mode"],
  oversight_recall_estimate: ["detector", "bound"],
  oversight_redis_failures_total: ["op"],
  oversight_review_joined_total: ["reason"],
  oversight_review_wait_seconds_bucket: [],
  oversight_score_drift: ["detector"],
  oversight_spool_dropped_total: [],
  oversight_spool_records: [],
};

/** Labels that Prometheus adds, and those of its own series. */
const OUTER_LABELS = ["job", "instance", "le"];
const PROMETHEUS_SERIES: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ["alertname", "alertstate", "severity"],
};
const WORDS = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "on",
  "ignoring",
  "by",
  "without",
  "group_left",
  "group_right",
]);

/** One query of a panel or an annotation. */
export interface Expression {
  readonly from: string;
  readonly expr: string;
}

/** A dashboard as far as tests look at it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly links: readonly { readonly url?: string }[];
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly links?: readonly { readonly url: string }[];
  /** What stands for a value: itself or the series' name. */
  readonly options?: { readonly textMode?: string };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
      /** Values to words. */
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text?: string }>> }[];
    };
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** The dashboards that ship, by file name. */
export function readDashboards(): [string, Dashboard][] {
  return readdirSync(atRoot("dashboards"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(atRoot(`dashboards/${name}`), "utf8")) as Dashboard]);
}

/** Every query of a dashboard's panels. */
export function panelExpressions([file, { panels }]: [string, Dashboard]): Expression[] {
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ from: `${file}: ${title}`, expr })));
}

/** Every query of a dashboard's annotations: empty is the usual answer. */
export function annotationExpressions([file, { annotations }]: [string, Dashboard]): Expression[] {
  return annotations.list.map(({ name, expr }) => ({ from: `${file}: annotation ${name}`, expr }));
}

/** Every expression of the rules. */
export function ruleExpressions(): Expression[] {
  return readRules().map(({ alert, record, expr }) => ({ from: alert ?? record ?? "", expr }));
}

/** Puts values in the place of a dashboard's variables. */
export function fillIn(expr: string, job = "lensgate"): string {
  return expr.replaceAll("$job", job).replaceAll(/\$(instance|detector)/g, ".*");
}

/** Series that an expression reads, as they are called in Prometheus. */
export function seriesOf(expr: string): string[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, "")
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = [...bare.matchAll(/(?<![\w:.$])([a-zA-Z_:][\w:]*)(?!\w*\s*\()/g)].map(([, name = ""]) => name);
  return [...new Set(names.filter((name) => !WORDS.has(name)))];
}

/** Labels that an expression matches or groups by. */
export function labelsOf(expr: string): string[] {
  const matched = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = ""]) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
  );
  const grouped = [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, inside = ""]) =>
    inside.split(",").map((label) => label.trim()),
  );
  return [...new Set([...matched, ...grouped])].filter((label) => label !== "");
}

/** Every series that exists, with the labels that it may have. */
export function knownSeries(): ReadonlyMap<string, readonly string[]> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const process = registry.getMetricsAsArray().map(({ name }): [string, readonly string[]] => [name, []]);
  const recorded = readRules().flatMap(({ record, expr }): [string, readonly string[]][] =>
    record === undefined ? [] : [[record, labelsOf(expr)]],
  );
  const own = Object.values(SERIES).flatMap(({ name, kind, labels }: Series): [string, readonly string[]][] =>
    (kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).map((ending) => [name + ending, labels]),
  );
  return new Map([...Object.entries(AWAITED), ...Object.entries(PROMETHEUS_SERIES), ...process, ...recorded, ...own]);
}

/** Labels that may stand in an expression whatever it reads. */
export const ALWAYS: readonly string[] = OUTER_LABELS;

/** Series that nothing counts yet. */
export function awaitedSeries(): ReadonlySet<string> {
  const own = new Set<string>(Object.values(SERIES).map(({ name }) => name));
  return new Set(Object.keys(AWAITED).filter((name) => !own.has(name.replace(/_bucket$/, ""))));
}
