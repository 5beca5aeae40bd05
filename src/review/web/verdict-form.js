import { element, words, written } from "./elements.js";

export const VERDICTS = [
  ["true_positive", "The detector was right"],
  ["false_positive", "Nothing was wrong here"],
  ["unsure", "Cannot be told from this"],
  ["escalate", "Someone else should look"],
];

/** The form under the evidence. `actions`: `{decide(verdict, note), claim(), release()}`. */
export function verdictForm(item, claim, actions) {
  const decided = item.state === "decided";
  const form = element(
    "form",
    { class: "verdict" },
    element(
      "fieldset",
      {},
      element("legend", {}, decided ? "Replace the verdict" : "Verdict"),
      ...VERDICTS.map(choiceView),
    ),
    element(
      "label",
      { class: "note" },
      element("span", {}, "Note"),
      element("textarea", { name: "note", rows: "2", maxlength: "10000", placeholder: "What you saw (optional)" }),
    ),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: "primary" }, decided ? "Replace" : "Decide"),
      claimButton(item, claim, actions),
    ),
    keysView(),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    actions.decide(form.elements.verdict.value, form.elements.note.value);
  });
  form.elements.note.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

function choiceView([verdict, meaning], index) {
  return element(
    "label",
    { class: `choice ${verdict}` },
    element("input", { type: "radio", name: "verdict", value: verdict, required: true }),
    element("span", { class: "choice-name" }, words(verdict)),
    element("kbd", { "aria-hidden": "true" }, String(index + 1)),
    element("span", { class: "choice-note" }, meaning),
  );
}

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
    " next, previous",
  ];
  return element("p", { class: "keys" }, ...parts);
}

function claimButton(item, claim, actions) {
  if (item.state === "decided") return undefined;
  if (claim !== undefined)
    return element("button", { type: "button", class: "quiet", onclick: actions.release }, "Release");
  if (item.state === "claimed")
    return element("span", { class: "hint" }, "Claimed by ", written(item.claimedBy ?? "", true));
  return element("button", { type: "button", class: "quiet", onclick: actions.claim }, "Claim for me");
}

/** What was decided before, newest last. */
export function historyView(decisions) {
  if (decisions.length === 0) return undefined;
  const rows = decisions.map(({ verdict, reviewer, note, decidedAt }) =>
    element(
      "li",
      {},
      element("span", { class: `verdict-word ${verdict}` }, words(verdict)),
      " by ",
      written(reviewer, true),
      element("time", {}, ` · ${new Date(decidedAt).toLocaleString()}`),
      note === "" ? undefined : element("p", { class: "text", dir: "auto" }, written(note)),
    ),
  );
  return element("section", {}, element("h3", {}, "Verdicts so far"), element("ol", { class: "history" }, ...rows));
}
