import { readFileSync } from "node:fs";
import { expect, it, describe } from "vitest";
import { parse } from "yaml";
import { readDocument } from "../support/documents.ts";
import { describeWithPrometheus, promtool } from "../support/prometheus.ts";
import { readRules, ruleFiles } from "../support/rule-files.ts";

interface RuleTest {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
}

const alerts = readRules().filter(({ alert }) => alert !== undefined);
const cases = ruleFiles(".test.yml").flatMap((path) => {
  const { tests } = parse(readFileSync(path, "utf8")) as { tests: RuleTest[] };
  return tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
});
const runbook = readDocument("docs/runbook.md");
const sections = [...runbook.matchAll(/^## (.*)$/gm)].map(([, heading = ""]) => heading);

describe("every alert", () => {
  it.each(alerts.map(({ alert = "" }) => alert))(
    "%s has a case in which it fires and one in which it is silent",
    (name) => {
      const own = cases.filter(({ alertname }) => alertname === name);
      expect(own.filter(({ exp_alerts }) => exp_alerts.length > 0).length).toBeGreaterThan(0);
      expect(own.filter(({ exp_alerts }) => exp_alerts.length === 0).length).toBeGreaterThan(0);
    },
  );

  it("has a section in the runbook, and every section an alert", () => {
    expect(alerts.map(({ alert = "" }) => alert).sort()).toEqual([...sections].sort());
  });

  it.each(alerts.map((rule) => [rule.alert ?? "", rule] as const))(
    "%s leads to its section and says how grave it is",
    (name, rule) => {
      expect(rule.annotations?.["runbook_url"]).toBe(`docs/runbook.md#${name.toLowerCase()}`);
      expect(rule.annotations?.["summary"]).toMatch(/^\S.{10,90}[^.]$/);
      expect(rule.annotations?.["description"]).toMatch(/\.$/);
      expect(rule.labels?.["severity"]).toMatch(/^(info|warning|critical)$/);
    },
  );

  it("is told what to look at and what to do", () => {
    for (const name of sections) {
      const section =
        runbook
          .slice(runbook.indexOf(`## ${name}\n`))
          .slice(3)
          .split("\n## ")[0] ?? "";
      expect(section, name).toMatch(/^- Look: /m);
      expect(section, name).toMatch(/^- Do: /m);
    }
  });
});

describeWithPrometheus("promtool", () => {
  it("finds nothing wrong with the rules", () => {
    const { code, output } = promtool("check", "rules", "--lint-fatal", ...ruleFiles(".rules.yml"));
    expect(output).toContain("SUCCESS");
    expect(code).toBe(0);
  });

  it("sees every alert fire where it should, and be silent where it should be", () => {
    const { code, output } = promtool("test", "rules", ...ruleFiles(".test.yml"));
    expect(code, output).toBe(0);
  });
});
