import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readFileSync } from "node:fs";
import { ACCESS_FIELDS } from "../../src/http/access-log.ts";
import { CHAT, COMPLETIONS } from "../../src/http/endpoint.ts";
import { SAMPLING_FIELDS } from "../../src/http/generation-request.ts";
import { SERIES } from "../../src/metrics/series.ts";
import { atRoot, codeSpans, readDocument, sectionOf, tableRows } from "../support/documents.ts";

const CALL_LABELS = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"];

describe("docs/metrics.md", () => {
  it("has every series with its type and labels", () => {
    const documented = tableRows(readDocument("docs/metrics.md")).map(([name, type, labels = ""]) => [
      codeSpans(name ?? "")[0],
      type,
      [...(labels.startsWith("call labels") ? CALL_LABELS : []), ...codeSpans(labels)],
    ]);
    expect(documented).toEqual(Object.values(SERIES).map(({ name, kind, labels }) => [name, kind, [...labels]]));
  });
});

describe("docs/logs.md", () => {
  it("has every field of a line about a request, in its order", () => {
    const documented = tableRows(readDocument("docs/logs.md")).map(([name]) => codeSpans(name ?? "")[0]);
    expect(documented).toEqual([...ACCESS_FIELDS]);
  });
});

describe("docs/api.md", () => {
  const text = readDocument("docs/api.md");

  it("names the endpoints that generate, and the fields that both take", () => {
    const spans = codeSpans(text);
    expect(spans).toEqual(
      expect.arrayContaining([`POST ${CHAT.path}`, `POST ${COMPLETIONS.path}`, ...SAMPLING_FIELDS]),
    );
  });

  it("names the headers that the sources speak of, and no other", () => {
    const sources = ["admission", "whole-reply", "policy-choice", "request-id", "rate-limits"].map((name) =>
      readFileSync(atRoot(`src/http/${name}.ts`), "utf8"),
    );
    const spoken = sources.flatMap((source) =>
      [...source.matchAll(/["`](x-[a-z-]+)(-\$\{what\})?["`]/g)].flatMap(([, header = "", each]) =>
        each === undefined ? [header] : ["requests", "tokens"].map((what) => `${header}-${what}`),
      ),
    );
    const documented = codeSpans(text).filter((code) => code.startsWith("x-"));
    expect([...new Set(documented)].sort()).toEqual([...new Set(spoken)].sort());
  });
});

describe("docs/configuration.md on model.yaml", () => {
  it("describes the fields of the model that ships", () => {
    const shipped = parse(readFileSync(atRoot("models/smollm2-135m-instruct/model.yaml"), "utf8")) as {
      files: Record<string, object>;
    };
    const [file = {}] = Object.values(shipped.files);
    const fields = [
      ...Object.keys(shipped).filter((key) => key !== "files"),
      ...Object.keys(file).map((key) => `files.<path>.${key}`),
    ];
    const section = sectionOf(readDocument("docs/configuration.md"), "The model's folder");
    expect(tableRows(section).map(([name]) => codeSpans(name ?? "")[0])).toEqual(fields);
  });
});
