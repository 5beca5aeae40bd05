/** Names of elements and attributes (as `@name`) of a document, each once, in the order of the alphabet. */
export function vocabularyOf(html: string): string[] {
  const bare = html.replaceAll(/="[^"]*"/g, "=");
  const tags = [...bare.matchAll(/<\/?([a-z!][^\s/>]*)([^>]*)>/gi)];
  const names = tags.flatMap(([, name = "", rest = ""]) => [
    name,
    ...rest
      .split(/[\s/=]+/)
      .filter(Boolean)
      .map((attribute) => `@${attribute}`),
  ]);
  return [...new Set(names)].sort();
}
