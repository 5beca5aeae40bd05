/** Undoes WikiText's tokenising: ` @-@ ` → `-`, ` @,@ ` → `,`, ` @.@ ` → `.`, `<unk>` removed, no space before punctuation or inside brackets. */
export function cleanWikitext(text: string): string {
  return text
    .replaceAll(/ @([-,.])@ /g, "$1")
    .replaceAll("<unk>", "")
    .replaceAll(/ +/g, " ")
    .replaceAll(/ ([.,;:!?%)\]])/g, "$1")
    .replaceAll(/([([]) /g, "$1")
    .replaceAll(/ '(s|t|re|ve|m|ll|d)\b/g, "'$1")
    .replaceAll(/" ([^"\n]*?) "/g, '"$1"')
    .replaceAll(/^ +| +$/gm, "")
    .replaceAll(/\n{2,}/g, "\n")
    .trim();
}
