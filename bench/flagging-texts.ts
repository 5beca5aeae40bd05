import { readdirSync, readFileSync } from "node:fs";

/** Texts that detectors look for, one of every file in turns. */
export function readFlaggingTexts(): string[] {
  const folder = new URL("../detectors/data/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const lists = files.map((name) =>
    readFileSync(new URL(name, folder), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { label: number; text?: string; user?: string; system?: string })
      .filter(({ label }) => label === 1)
      .map(({ text, user, system }) => text ?? [system, user].filter(Boolean).join("\n")),
  );
  const longest = Math.max(...lists.map((list) => list.length));
  // A step that shares no factor with their lengths: neighbours in a file are alike.
  return Array.from({ length: longest }, (_, at) =>
    lists.flatMap((list) => list[(at * 101) % list.length] ?? []),
  ).flat();
}
