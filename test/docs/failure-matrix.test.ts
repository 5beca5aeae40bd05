import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { atRoot, readDocument, tableRows } from "../support/documents.ts";

const rows = tableRows(readDocument("docs/failure-matrix.md"));

describe("docs/failure-matrix.md", () => {
  it("has at least sixteen rows, none twice", () => {
    expect(rows.length).toBeGreaterThanOrEqual(16);
    expect(new Set(rows.map((cells) => cells.join())).size).toBe(rows.length);
  });

  it.each(rows.map((cells) => [cells[0] ?? "", cells] as const))("says how it fails: %s", (_failure, cells) => {
    expect(cells).toHaveLength(5);
    expect(cells[3]).toMatch(/^(closed$|open[:,] )|^open$/);
  });

  it.each(rows.map((cells) => [cells[0] ?? "", cells[4] ?? ""] as const))(
    "names a test that is there: %s",
    (_failure, cell) => {
      const [, file = "", title = ""] = /^`([^`]+)`: "([^"]+)"$/.exec(cell) ?? [];
      expect(title).not.toBe("");
      // Of a table's cases the title is a part.
      expect(readFileSync(atRoot(file), "utf8")).toContain(title);
    },
  );
});
