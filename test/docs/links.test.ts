import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { atRoot, listDocuments, readDocument, withoutBlocks } from "../support/documents.ts";

const documents = listDocuments();

/** Targets of links, but those with a scheme. */
function linksOf(path: string): string[] {
  const text = withoutBlocks(readDocument(path)).replaceAll(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** What a heading is called in a link: lower case, words joined by hyphens. */
function anchorsOf(path: string): string[] {
  const headings = [...withoutBlocks(readDocument(path)).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the documents", () => {
  const links = documents.flatMap((path) => linksOf(path).map((target) => [path, target] as const));

  it.each(links)("link to something that is there: %s: %s", (path, target) => {
    const [file = "", anchor] = target.split("#");
    const there = file === "" ? path : normalize(join(dirname(path), file));
    expect(existsSync(atRoot(there))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(there)).toContain(anchor);
  });

  it.each(documents)("name files of the repository that are there: %s", (path) => {
    const spans = [...readDocument(path).matchAll(/`((?:src|test|scripts|docs|models|bench)\/[\w./-]*)`/g)];
    const missing = spans.map(([, file = ""]) => file).filter((file) => !existsSync(atRoot(file)));
    expect(missing).toEqual([]);
  });

  it.each(documents)("say nothing of a machine or a person's folders: %s", (path) => {
    const text = readDocument(path);
    expect(text).not.toMatch(/(^|[\s"'`(=])\/(home|root|Users|tmp|work|mnt|var)\//m);
    expect(text).not.toMatch(/[A-Z]:\\/);
  });

  it.each(documents)("are finished, and refer to nothing that a reader does not have: %s", (path) => {
    const text = readDocument(path);
    expect(text).not.toMatch(
      new RegExp(["TO" + "DO", "FIX" + "ME", "T" + "BD", "DES" + "IGN\\b", "contracts\\.md", "issue #?\\d"].join("|")),
    );
  });

  it("are all reached from README.md", () => {
    const reached = new Set(["README.md"]);
    for (const path of reached) {
      for (const target of linksOf(path)) {
        const there = normalize(join(dirname(path), target.split("#")[0] ?? ""));
        for (const document of documents)
          if (document === there || (there.endsWith("/") && dirname(document) === there.slice(0, -1)))
            reached.add(document);
      }
    }
    expect(documents.filter((path) => !reached.has(path))).toEqual([]);
  });
});
