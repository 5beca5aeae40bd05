import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError, ERRORS, formatProblem, GatewayError } from "../src/errors.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/errors.md", import.meta.url)), "utf8");
const rows = page.split("\n").flatMap((line) => {
  const cells = line.split("|").map((cell) => cell.trim());
  const code = /^`([a-z_]+)`$/.exec(cells[1] ?? "")?.[1];
  return code === undefined ? [] : [{ code, cells: cells.slice(2, -1) }];
});

test("docs/errors.md lists the codes of the table, in its order, with status and type", () => {
  const documented = rows.map(({ code, cells }) => [code, Number(cells[0]), cells[1]?.replaceAll("`", "")]);
  expect(documented).toEqual(Object.entries(ERRORS).map(([code, { status, type }]) => [code, status, type]));
});

test("each row of docs/errors.md says what it means and what to do", () => {
  for (const { code, cells } of rows) {
    expect(cells, code).toHaveLength(4);
    expect(
      cells.slice(2).every((cell) => cell.length > 10),
      code,
    ).toBe(true);
  }
});

test("an error has the table's message unless it is given one", () => {
  expect(new GatewayError("overloaded").message).toBe(ERRORS.overloaded.message);
  const error = new GatewayError("invalid_request", "No.", { param: "n", retryAfterMs: 5, cause: "why" });
  expect(error).toMatchObject({ code: "invalid_request", message: "No.", param: "n", retryAfterMs: 5, cause: "why" });
});

test("a problem is told with file, line, field and cure", () => {
  const problem = { file: "gateway.yaml", line: 3, field: "port", message: "is text", cure: "write a number" };
  expect(formatProblem(problem)).toBe("gateway.yaml:3 port: is text (cure: write a number)");
  expect(formatProblem({ file: "a", message: "b", cure: "c" })).toBe("a: b (cure: c)");
  expect(new ConfigError([problem, problem]).message.split("\n")).toHaveLength(2);
});
