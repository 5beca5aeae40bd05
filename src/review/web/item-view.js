import { age, count, element, words, written } from "./elements.js";
import { createCursor } from "./cursor.js";
import { stripsOf, stripsView } from "./heat-strip.js";
import { badge, laterFindingsView, reasonView } from "./reason-view.js";
import { auditLink, historyView, membersView, notesView, similarView } from "./record-view.js";
import { enrichmentViews, missingView, notReproduced } from "./reread-view.js";
import { conversationView, factsView } from "./trace-view.js";

/**
 * A whole item. `parts.form` is the verdict form, `parts.addNote(text)` keeps a note, `parts.remove` is the button that deletes it,
 * where there is one. Returns `{nodes, cursor, setEvidence}`.
 */
export function itemView(detail, parts) {
  const { trace, item, hidden, decisions, members, similar, notes } = detail;
  const cursor = createCursor();
  const [first] = trace.firings;
  const evidence = element("div", { class: "evidence" });
  const setEvidence = (enrichment, waiting) =>
    evidence.replaceChildren(...evidenceOf({ enrichment, waiting, hidden, cursor }));
  setEvidence(detail.enrichment, parts.waiting);
  const reading = element(
    "div",
    { class: "column reading-column" },
    headView(detail),
    reasonView(detail),
    conversationView(detail, cursor),
    first === undefined ? undefined : stripsView(first, cursor),
    laterFindingsView(trace.firings, (firing) => stripsOf(firing, cursor)),
    evidence,
  );
  const side = element(
    "div",
    { class: "column side" },
    parts.form,
    historyView(decisions),
    membersView(members, trace.head.id, item?.repetition.startsWith("flood:")),
    similarView(similar),
    item === null ? undefined : notesView(notes, parts.addNote),
    factsView(trace),
    auditLink(trace.head.id),
    parts.remove === undefined ? undefined : element("p", { class: "delete-line" }, parts.remove),
  );
  return { nodes: [element("div", { class: "columns" }, reading, side)], cursor, setEvidence };
}

function evidenceOf({ enrichment, waiting, hidden, cursor }) {
  if (hidden) return [];
  if (enrichment === null || enrichment === undefined || enrichment.failed !== undefined)
    return [missingView(enrichment, waiting)];
  return enrichmentViews(enrichment, cursor);
}

/** One line: where the item stands. */
function headView({ item, trace, members, enrichment }) {
  const parts = [
    item === null ? "not queued" : words(item.state),
    item !== null && item.claimedBy !== null ? element("span", {}, "with ", written(item.claimedBy, true)) : undefined,
    element("span", {}, age(trace.head.createdAt), " old"),
    element("span", {}, "policy ", written(trace.head.policy, true), trace.head.mode === "monitor" ? " (monitor)" : ""),
    written(trace.head.model.name, true),
    members.count > 1 ? count(members.count, "trace") : undefined,
  ].filter((part) => part !== undefined);
  return element(
    "p",
    { class: "item-head" },
    ...parts.map((part) => element("span", { class: "item-fact" }, part)),
    item?.stage === "second" ? element("span", { class: "badge stage" }, "second opinion") : undefined,
    item?.stage === "escalated" ? element("span", { class: "badge stage" }, "escalated") : undefined,
    notReproduced(enrichment) ? badge("not_reproduced") : undefined,
  );
}
