import { element } from "./elements.js";

const OFF_KEY = "lensgate.shortcuts";

/** What each key does, as the help shows it. */
export const KEYS = [
  ["Queue", ["j", "k"], "next and previous item"],
  ["Queue", ["n"], "claim the most urgent item and open it"],
  ["Queue", ["/"], "to the filters"],
  ["Item", ["1", "2", "3", "4"], "choose a verdict"],
  ["Item", ["Enter"], "decide (from the note: Ctrl + Enter)"],
  ["Item", ["u"], "undo your last verdict"],
  ["Item", ["c"], "claim the item, or release it"],
  ["Item", ["m"], "to the note"],
  ["Item", ["p"], "to the layer × token picture"],
  ["Evidence", ["←", "→"], "previous and next token"],
  ["Evidence", ["↑", "↓"], "later and earlier layer"],
  ["Evidence", ["Enter"], "pin, and unpin with Esc"],
  [
    "Everywhere",
    ["g q", "g f", "g s", "g t", "g o", "g a"],
    "queue, find, statistics, thresholds, overrides, audit trail",
  ],
  ["Everywhere", ["Esc"], "close, unpin, back to the list"],
  ["Everywhere", ["?"], "this help"],
];

const readOff = () => localStorage.getItem(OFF_KEY) === "off";

/**
 * Hands single keys to `actions[key]`, and `g x` pairs to `actions["g x"]`. Never while someone types, never with a modifier,
 * and not at all once they are switched off in the help.
 */
export function listenToKeys(actions) {
  const pending = { g: 0 };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest?.("textarea, select, input:not([type=radio])") ?? null;
    if (event.key === "Escape" && typing !== null) return typing.blur();
    if (typing !== null || document.querySelector("dialog[open]") !== null) return;
    if (readOff() && event.key !== "Escape" && event.key !== "?") return;
    const second = Date.now() - pending.g < 1_500;
    pending.g = event.key === "g" && !second ? Date.now() : 0;
    const action = actions[second ? `g ${event.key}` : event.key];
    if (action !== undefined && action(event) !== false) event.preventDefault();
  });
}

/** The dialog behind `?`. */
export function showHelp() {
  const groups = [...new Set(KEYS.map(([group]) => group))].map((group) =>
    element(
      "div",
      { class: "key-group" },
      element("h3", {}, group),
      element("dl", {}, ...KEYS.filter((key) => key[0] === group).map(keyRow)),
    ),
  );
  const toggle = element("input", {
    type: "checkbox",
    checked: !readOff(),
    onchange: (event) => localStorage.setItem(OFF_KEY, event.target.checked ? "on" : "off"),
  });
  showDialog("Keyboard", [
    element("div", { class: "key-groups" }, ...groups),
    element("label", { class: "check" }, toggle, "Single keys act (switch off if your tools use them)"),
  ]);
}

function keyRow([, keys, meaning]) {
  const names = keys.flatMap((key, index) => [index === 0 ? undefined : " ", element("kbd", {}, key)]);
  return element("div", {}, element("dt", {}, ...names), element("dd", {}, meaning));
}

/** A modal with a close button; extra `buttons` stand beside it. It leaves the page when closed. */
export function showDialog(title, children, buttons = []) {
  const dialog = element(
    "dialog",
    { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    element("h2", { id: "dialog-title" }, title),
    ...children,
    element(
      "div",
      { class: "dialog-actions" },
      ...buttons,
      element("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Close"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
