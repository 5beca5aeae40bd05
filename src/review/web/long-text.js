import { element, written } from "./elements.js";

const WHOLE = 1_600;
const HEAD = 500;
const TAIL = 250;

// A pair of surrogates, or a letter and its accents, must not be cut in two.
function cutAt(text, index) {
  const rest = text.slice(index, index + 40);
  const skipped = /^[\udc00-\udfff]?(\p{M}|\u200d)*/u.exec(rest)?.[0].length ?? 0;
  return index + skipped;
}

/** A text that others wrote; the middle of a long one is folded behind a button. */
export function longText(text) {
  if (text.length <= WHOLE) return written(text);
  const start = cutAt(text, HEAD);
  const end = cutAt(text, text.length - TAIL);
  const fragment = document.createDocumentFragment();
  fragment.append(
    written(text.slice(0, start)),
    gapButton(`${(end - start).toLocaleString("en")} characters`, () => written(text.slice(start, end))),
    written(text.slice(end)),
  );
  return fragment;
}

/** A button in the place of something long, which it turns into. */
export function gapButton(label, unfold) {
  const button = element(
    "button",
    {
      type: "button",
      class: "gap",
      "aria-label": `Show ${label} more`,
      onclick: () => {
        const place = element("span", { tabindex: "-1", class: "unfolded" });
        place.append(unfold());
        button.replaceWith(place);
        place.focus();
      },
    },
    `… ${label} …`,
  );
  return button;
}
