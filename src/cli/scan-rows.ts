import { readFileRows, type FileRow } from "../training/row-content.ts";

/** A row of the input; `id` is its own, else its line number. */
export type ScanRow = Omit<FileRow, "columns">;

/** Reads a file of JSON lines; empty lines are passed over. Throws `ConfigError` for a file that cannot be read and for the first bad row. */
export async function readRows(file: string): Promise<ScanRow[]> {
  const rows: ScanRow[] = [];
  for await (const { line, id, content } of readFileRows(file, { purpose: "scan", option: "--input" })) {
    rows.push({ line, id, content });
  }
  return rows;
}
