import type { DetectorEvaluation, Mistake } from "./evaluation.ts";
import { markup, type Markup, written } from "./markup.ts";
import { scoreText } from "./number-text.ts";

const SHOWN_AT_ONCE = 3;
const MOST_MISTAKES = 60;
const MOST_CHARACTERS = 700;
const MOST_PLACES = 6;

/** The worst mistakes of one kind as readable examples; those past the third open on a click, without a script. */
export function mistakeList(about: {
  readonly label: 0 | 1;
  readonly mistakes: readonly Mistake[];
  readonly thresholds: DetectorEvaluation["thresholds"];
}): Markup {
  const ordered = about.mistakes
    .filter(({ label }) => label === about.label)
    .sort((left, right) => (about.label === 0 ? right.score - left.score : left.score - right.score));
  const items = ordered.slice(0, MOST_MISTAKES).map((mistake) => mistakeItem(mistake, about.thresholds));
  const rest = items.slice(SHOWN_AT_ONCE);
  const heading =
    about.label === 0
      ? markup`<h4>Worst false alarms</h4><p class="hint">Rows without the concept that scored highest.</p>`
      : markup`<h4>Worst misses</h4><p class="hint">Rows with the concept that scored lowest.</p>`;
  const more = markup`<details><summary>${rest.length} more</summary><ol>${rest}</ol></details>`;
  return markup`<div class="mistakes">${heading}
${items.length === 0 ? markup`<p class="hint">None.</p>` : markup`<ol>${items.slice(0, SHOWN_AT_ONCE)}</ol>`}
${rest.length === 0 ? "" : more}
</div>
`;
}

function mistakeItem(
  { id, tier, score, text, at }: Mistake,
  { flag, abort }: DetectorEvaluation["thresholds"],
): Markup {
  const level = score >= abort ? "aborted" : score >= flag ? "flagged" : "not flagged";
  const place = at === "" ? "" : markup`<span>highest at <code>${written(at)}</code></span>`;
  return markup`<li><div class="mistake-head"><b>${scoreText(score)}</b><span>${level}</span>${place}<span>${written(tier)}</span><span>${written(id)}</span></div>
<blockquote>${exampleText(text, at)}</blockquote></li>
`;
}

/** A text with the token of the highest score marked; where the token stands in several places, each is underlined. Long texts are cut around the first. */
export function exampleText(text: string, at: string): Markup {
  const places = placesOf(text, at);
  const first = places[0] ?? 0;
  const start = wholeCharacter(text, Math.max(0, Math.min(first - MOST_CHARACTERS / 2, text.length - MOST_CHARACTERS)));
  const end = wholeCharacter(text, Math.min(text.length, Math.max(start + MOST_CHARACTERS, first + at.length)));
  const parts: Markup[] = start === 0 ? [] : [cutNote(start)];
  let done = start;
  for (const place of places.filter((one) => one >= start && one + at.length <= end)) {
    parts.push(written(text.slice(done, place), true), marked(at, places.length === 1 ? "sure" : "maybe"));
    done = place + at.length;
  }
  parts.push(written(text.slice(done, end), true));
  if (end < text.length) parts.push(cutNote(text.length - end));
  return markup`${parts}`;
}

// A token often begins with a space: the box is drawn around its word.
function marked(at: string, kind: "sure" | "maybe"): Markup {
  const space = at.trim() === "" ? "" : (/^ +/.exec(at)?.[0] ?? "");
  return markup`${space}<mark class="${kind}">${written(at.slice(space.length), true)}</mark>`;
}

function cutNote(characters: number): Markup {
  return markup`<span class="cut"> … ${characters.toLocaleString("en-US")} characters left out … </span>`;
}

// A token that stands everywhere says nothing about where: then none is marked.
function placesOf(text: string, at: string): number[] {
  const places: number[] = [];
  if (at === "" || at.length > MOST_CHARACTERS) return places;
  for (let place = text.indexOf(at); place !== -1; place = text.indexOf(at, place + at.length)) {
    places.push(place);
    if (places.length > MOST_PLACES) return [];
  }
  return places;
}

function wholeCharacter(text: string, index: number): number {
  return index > 0 && (text.codePointAt(index - 1) ?? 0) > 0xff_ff ? index + 1 : index;
}
