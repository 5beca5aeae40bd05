import { element, words, written } from "./elements.js";

export const VERDICTS = [
  ["true_positive", "The detector was right", "True"],
  ["false_positive", "Nothing was wrong here", "False"],
  ["unsure", "Cannot be told from this", "Unsure"],
  ["escalate", "A lead should look", "Escalate"],
];

/** Where nothing is known to have fired, the question itself is answered. */
const BLIND_MEANINGS = { true_positive: "Yes, it is so", false_positive: "No, it is not" };

/**
 * The form beside the evidence. `view`: `{item, session, hidden, draft, lease}`; `actions`: `{decide(verdict, note), claim(),
 * release(), undo(), revive(), changed(draft)}`.
 */
export function verdictForm(view, actions) {
  const { item, hidden, draft } = view;
  const barred = barredBecause(view);
  const decided = item.state === "decided";
  const meanings = hidden || item.action === "sample" ? BLIND_MEANINGS : {};
  const form = element(
    "form",
    { class: "panel verdict", id: "verdict", "aria-label": "Verdict" },
    stageView(item),
    barred === undefined ? undefined : element("p", { class: "barred" }, ...barred),
    element(
      "fieldset",
      { disabled: barred !== undefined },
      element("legend", {}, decided ? "Replace the verdict" : hidden ? "Your answer" : "Verdict"),
      ...VERDICTS.map((choice, index) =>
        choiceView(choice, { index, meanings, draft, closed: item.stage === "escalated" && choice[0] === "escalate" }),
      ),
    ),
    restView(view, actions, barred !== undefined),
    keysView(),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    actions.decide(form.elements.verdict.value, form.elements.note.value);
  });
  form.addEventListener("input", () =>
    actions.changed({ verdict: form.elements.verdict.value, note: form.elements.note.value }),
  );
  form.elements.note.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

/** Note and buttons. */
function restView(view, actions, closed) {
  const decided = view.item.state === "decided";
  return element(
    "div",
    { class: "verdict-rest" },
    element(
      "label",
      { class: "note" },
      element("span", {}, "Note with the verdict"),
      element(
        "textarea",
        {
          name: "note",
          rows: "2",
          maxlength: "10000",
          placeholder: "What you saw (optional)",
          disabled: closed,
        },
        view.draft.note,
      ),
    ),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: "primary", disabled: closed }, decided ? "Replace" : "Decide"),
      ...sideActions(view, actions),
    ),
  );
}

function stageView({ stage }) {
  if (stage === "second")
    return element(
      "p",
      { class: "stage" },
      element("strong", {}, "Second opinion. "),
      "Someone has judged this already; what they said is hidden until you have.",
    );
  if (stage === "escalated")
    return element(
      "p",
      { class: "stage" },
      element("strong", {}, "Escalated. "),
      "A reviewer passed this on to a lead, or two of them disagreed.",
    );
  return undefined;
}

/** Why this reviewer may not decide this item, undefined when they may. */
function barredBecause({ item, session, lease, undoable }) {
  if (item.state === "dead")
    return [
      `Given up: claimed and abandoned too often. ${session.role === "lead" ? "Revive it to review it." : "A lead can revive it."}`,
    ];
  if (item.state === "decided")
    return undoable ? undefined : ["Decided by someone else; only a lead replaces that verdict."];
  if (item.stage === "escalated" && session.role !== "lead") return ["This waits for a lead."];
  if (item.excluded.includes(session.reviewer)) return ["You gave your opinion on this; now it takes someone else."];
  if (item.state === "claimed" && lease === undefined) {
    if (item.claimedBy === session.reviewer)
      return [
        "You hold this in another window, or did before this page was loaded. It is free again when that claim ends.",
      ];
    return ["Being reviewed by ", written(item.claimedBy ?? "someone", true), "."];
  }
  return undefined;
}

function choiceView([verdict, meaning, short], { index, meanings, draft, closed }) {
  return element(
    "label",
    { class: `choice ${verdict}` },
    element("input", {
      type: "radio",
      name: "verdict",
      value: verdict,
      required: true,
      checked: draft.verdict === verdict,
      disabled: closed,
    }),
    element(
      "span",
      { class: "choice-name" },
      element("span", { class: "long" }, words(verdict)),
      element("span", { class: "short" }, short),
    ),
    element("kbd", { "aria-hidden": "true" }, String(index + 1)),
    element("span", { class: "choice-note" }, meanings[verdict] ?? meaning),
  );
}

function sideActions({ item, session, lease, undoable }, actions) {
  const quiet = (label, onclick, key) =>
    element(
      "button",
      { type: "button", class: "quiet", onclick },
      label,
      element("kbd", { "aria-hidden": "true" }, key),
    );
  if (item.state === "dead" && session.role !== "lead") return [];
  if (item.state === "dead")
    return [element("button", { type: "button", class: "quiet", onclick: actions.revive }, "Revive")];
  if (item.state === "decided") return undoable ? [quiet("Undo", actions.undo, "u")] : [];
  if (lease !== undefined) return [quiet("Release", actions.release, "c"), leaseView()];
  return item.state === "waiting" ? [quiet("Claim for me", actions.claim, "c")] : [];
}

const leaseView = () =>
  element("span", { class: "lease", id: "lease", role: "timer", "aria-label": "Time left on your claim" });

function keysView() {
  const key = (name) => element("kbd", {}, name);
  const parts = [
    key("1"),
    "–",
    key("4"),
    " choose · ",
    key("Enter"),
    " decide · ",
    key("j"),
    " ",
    key("k"),
    " next, previous · ",
    key("?"),
    " all keys",
  ];
  return element("p", { class: "keys" }, ...parts);
}
