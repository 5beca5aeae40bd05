import { age, count, element, number, section, words, written } from "./elements.js";
import { formatHash, itemHash } from "./router.js";

const verdictWord = (verdict) => element("span", { class: `verdict-word ${verdict}` }, words(verdict));

/** What was decided before, newest last. */
export function historyView(decisions) {
  if (decisions.length === 0) return undefined;
  const rows = decisions.map(({ verdict, reviewer, note, decidedAt, stage, blind }) =>
    element(
      "li",
      {},
      verdictWord(verdict),
      " by ",
      written(reviewer, true),
      element(
        "span",
        { class: "hint" },
        " · ",
        age(decidedAt),
        " ago",
        stage === "first" ? "" : ` · ${stage === "second" ? "second opinion" : "after escalation"}`,
        blind ? " · blind" : "",
      ),
      note === "" ? undefined : element("p", { class: "text", dir: "auto" }, written(note)),
    ),
  );
  return section("Verdicts so far", {}, element("ol", { class: "history" }, ...rows));
}

/** Notes of reviewers, and the field for another. `add(text)` returns a promise of whether it is kept. */
export function notesView(notes, add) {
  const rows = notes.map(({ reviewer, at, text }) =>
    element(
      "li",
      {},
      element("strong", {}, written(reviewer, true)),
      element("span", { class: "hint" }, " · ", age(at), " ago"),
      element("p", { class: "text", dir: "auto" }, written(text)),
    ),
  );
  const field = element("textarea", {
    rows: "1",
    maxlength: "10000",
    "aria-label": "New note",
    placeholder: "Something for whoever looks next",
  });
  const form = element(
    "form",
    { class: "note-form" },
    field,
    element("button", { type: "submit", class: "quiet" }, "Add note"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value.trim() !== "" && (await add(field.value))) field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return section(
    "Notes",
    { class: "notes" },
    rows.length === 0 ? undefined : element("ol", { class: "history" }, ...rows),
    form,
  );
}

/** Earlier items that look alike, and what people made of them. */
export function similarView(similar) {
  if (similar.length === 0) return undefined;
  const tally = new Map();
  for (const { verdict } of similar) tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
  const summary = [...tally].map(([verdict, amount]) => `${amount} ${words(verdict ?? "not decided")}`).join(", ");
  const rows = similar.map(({ traceId, verdict, name, score, createdAt, detector }) =>
    element(
      "li",
      {},
      element(
        "a",
        { href: itemHash(traceId), class: "similar-row" },
        verdict === null || verdict === undefined
          ? element("span", { class: "hint" }, "not decided")
          : verdictWord(verdict),
        element("span", { class: "similar-name" }, written(name ?? detector, true)),
        element("span", { class: "figure" }, number(score)),
        element("span", { class: "figure" }, age(createdAt)),
      ),
    ),
  );
  return section(
    "Similar earlier items",
    {},
    element("p", { class: "saying" }, `${summary}.`),
    element("ol", { class: "similar" }, ...rows),
  );
}

/** The traces that joined this item: alike, or one too many and different. */
export function membersView(members, traceId, isFlood) {
  if (members.count < 2) return undefined;
  const others = members.ids.filter((id) => id !== traceId);
  const rows = others.map((id) => element("li", {}, element("a", { href: itemHash(id) }, element("code", {}, id))));
  const rest = members.count - 1 - others.length;
  return element(
    "details",
    { class: "panel members" },
    element(
      "summary",
      {},
      isFlood
        ? `Stands for ${count(members.count, "trace")} of a flood: the verdict is about this text alone`
        : `Stands for ${count(members.count, "trace")} that say the same`,
    ),
    element("ol", {}, ...rows),
    rest > 0 ? element("p", { class: "hint" }, `and ${rest.toLocaleString("en")} more`) : undefined,
  );
}

export const auditLink = (traceId) =>
  element(
    "p",
    { class: "hint audit-link" },
    element("a", { href: formatHash("audit", "", { trace: traceId }) }, "Audit trail of this trace"),
  );
