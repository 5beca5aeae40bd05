import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The documents that ship, by path from the root. */
export function listDocuments(): string[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" });
  return [...top, ...docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name))].sort();
}

/** The text of one document. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Where a path from the root lies. */
export function atRoot(path: string): string {
  return join(ROOT, path);
}

/** The cells of every table row, without headings and rulers. A `|` that is escaped is part of its cell. */
export function tableRows(markdown: string): string[][] {
  const lines = withoutBlocks(markdown).split("\n");
  return lines
    .filter((line, index) => line.startsWith("|") && !isRuler(line) && !isRuler(lines[index + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    );
}

/** What stands between backticks in a cell or a sentence. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The part under a heading, down to the next heading of the same or a higher level, without its fenced blocks. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = withoutBlocks(markdown).split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const level = lines[start]?.indexOf(" ") ?? 1;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The fenced blocks of one language, without their fences. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = ""]) => text);
}

/** The document without its fenced blocks. */
export function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

function isRuler(line: string): boolean {
  return /^\|[-| ]+\|$/.test(line);
}
