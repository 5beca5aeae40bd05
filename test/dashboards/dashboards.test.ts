import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SERIES } from "../../src/metrics/series.ts";
import { atRoot } from "../support/documents.ts";
import {
  ALWAYS,
  annotationExpressions,
  knownSeries,
  labelsOf,
  panelExpressions,
  readDashboards,
  ruleExpressions,
  seriesOf,
} from "../support/expressions.ts";

const dashboards = readDashboards();
const known = knownSeries();
const expressions = [
  ...ruleExpressions(),
  ...dashboards.flatMap(panelExpressions),
  ...dashboards.flatMap(annotationExpressions),
];

describe("what rules and dashboards ask for", () => {
  it("is found in an expression", () => {
    const expr =
      'sum by (a) (rate(x_total{b="c", d=~"$e"}[5m])) / on (f) (y:z > 0) unless label_replace(w, "g", "$1", "h", "(.*)")';
    expect(seriesOf(expr)).toEqual(["x_total", "y:z", "w"]);
    expect(labelsOf(expr)).toEqual(["b", "d", "a", "f"]);
  });

  it.each(expressions)("exists, with these labels: $from: $expr", ({ expr }) => {
    const series = seriesOf(expr);
    expect(series.length).toBeGreaterThan(0);
    for (const name of series) expect([...known.keys()]).toContain(name);
    const labels = new Set([...ALWAYS, ...series.flatMap((name) => known.get(name) ?? [])]);
    for (const label of labelsOf(expr)) expect([...labels]).toContain(label);
  });

  it("is every series of the table, but those that a person reads when another one says so", () => {
    const asked = new Set(expressions.flatMap(({ expr }) => seriesOf(expr)));
    const unasked = Object.values(SERIES).filter(
      ({ name }) => !["", "_bucket", "_sum", "_count"].some((ending) => asked.has(name + ending)),
    );
    expect(unasked.map(({ name }) => name)).toEqual([]);
  });
});

describe.each(dashboards)("%s", (file, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  const variables = dashboard.templating.list.map(({ name }) => name);

  it("is called by its file and tagged", () => {
    expect(`${dashboard.uid}.json`).toBe(file);
    expect(dashboard.tags).toEqual(["lensgate"]);
    expect(dashboard.schemaVersion).toBe(39);
  });

  it("has panels that say what they show, in which unit, and from where on it is bad", () => {
    expect(panels.length).toBeGreaterThan(10);
    for (const { title, description = "", fieldConfig, targets = [] } of panels) {
      expect(description, title).toMatch(/^\S.+\.$/);
      expect(fieldConfig?.defaults.unit, title).toMatch(/^(none|s|reqps|ops|percentunit|bytes)$/);
      expect(fieldConfig?.defaults.thresholds.steps.length, title).toBeGreaterThan(0);
      expect(targets.length, title).toBeGreaterThan(0);
      if (targets.length > 1) for (const { legendFormat } of targets) expect(legendFormat, title).not.toBe("");
    }
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it("lays no panel over another", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  it("uses the variables that it has, and looks at one job", () => {
    for (const { expr } of panelExpressions([file, dashboard])) {
      for (const [, name = ""] of expr.matchAll(/\$(\w+)/g)) expect(variables).toContain(name);
      if (!expr.includes("ALERTS")) expect(expr).toContain('job="$job"');
    }
    expect(variables).toEqual(expect.arrayContaining(["datasource", "console", "job", "instance"]));
  });

  it("leads to the console, and marks changes of the configuration", () => {
    const links = panels.flatMap(({ links = [] }) => links.map(({ url }) => url));
    for (const url of links) expect(url).toMatch(/^\$\{console\}\/review\//);
    expect(dashboard.links.map(({ url }) => url)).toContain("${console}/review/");
    expect(dashboard.annotations.list.map(({ expr }) => expr).join(" ")).toContain("config_last_reload_timestamp");
  });
});

it("Prometheus scrapes the job that rules and dashboards are about, and is Grafana's source", () => {
  const read = (path: string): unknown => parse(readFileSync(atRoot(`dashboards/${path}`), "utf8"));
  expect(read("prometheus.yml")).toMatchObject({ scrape_configs: [{ job_name: "lensgate" }, {}] });
  expect(read("provisioning/datasources/prometheus.yaml")).toMatchObject({ datasources: [{ type: "prometheus" }] });
  expect(read("provisioning/dashboards/lensgate.yaml")).toMatchObject({
    providers: [{ options: { path: "/var/lib/grafana/dashboards/lensgate" } }],
  });
});
