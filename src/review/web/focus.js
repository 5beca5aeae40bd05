/** Runs something that replaces what is in `frame`, and puts the focus (and the caret) back where it was. */
export function keepFocus(frame, replace) {
  const active = document.activeElement;
  if (!frame.contains(active)) {
    replace();
    return;
  }
  const name = active.getAttribute("name");
  const value = active.getAttribute("value");
  const inVerdict = active.closest(".verdict") !== null;
  const caret = active.selectionStart;
  replace();
  const named = name === null ? [] : [...frame.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  const same = named.find((node) => value === null || node.getAttribute("value") === value);
  const fallback = inVerdict ? frame.querySelector(".verdict button:not([disabled])") : null;
  (same ?? fallback ?? frame).focus({ preventScroll: true });
  if (same?.tagName === "TEXTAREA" && caret !== null) same.setSelectionRange(caret, caret);
}
