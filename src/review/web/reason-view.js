import { barsView, gaugeView } from "./bars.js";
import { count, element, number, token, words, written } from "./elements.js";

/** Why the trace is here, in one block that is read within seconds. */
export function reasonView({ item, hidden, trace, description }) {
  const [first] = trace.firings;
  if (hidden) return blindView(item, description);
  if (first === undefined) return sampleView(item, description);
  return element(
    "section",
    { class: `reason ${first.verdict}`, "aria-labelledby": "reason-title" },
    headView(first.detector, first.action),
    element("h2", { id: "reason-title" }, titleOf(first, description)),
    element("p", { class: "reason-place" }, ...placeOf(first)),
    first.error === null
      ? scoreView(first)
      : element("p", { class: "broken" }, "The detector broke: ", written(first.error, true)),
    element("p", { class: "effect" }, effectOf(first, trace)),
    figuresView(first),
  );
}

/** Later findings of the same trace, folded. */
export function laterFindingsView(firings, stripOf) {
  if (firings.length < 2) return undefined;
  const rows = firings
    .slice(1)
    .map((firing) =>
      element(
        "details",
        { class: "finding" },
        element(
          "summary",
          {},
          element("strong", {}, written(firing.detector, true)),
          " ",
          badge(firing.action),
          " at ",
          token(firing.token ?? ""),
          firing.score === null ? "" : ` ${number(firing.score)} ≥ ${number(firing.threshold)}`,
        ),
        element("p", { class: "reason-place" }, ...placeOf(firing)),
        firing.error === null ? scoreView(firing) : element("p", { class: "broken" }, written(firing.error, true)),
        figuresView(firing),
        stripOf(firing),
      ),
    );
  return element("section", {}, element("h3", {}, `${count(rows.length, "later finding")}`), ...rows);
}

export const badge = (action) => element("span", { class: `badge ${action}` }, words(action));

const headView = (detector, action) =>
  element(
    "p",
    { class: "detector" },
    element("span", { class: "detector-name" }, written(detector, true)),
    " ",
    badge(action),
  );

/** The question the detector asks; when it names something, that stands behind it. */
function titleOf({ names, detector, verdict }, description) {
  const said = description === "" ? detector : description.replace(/[.\s]+$/, "");
  if (verdict === "error")
    return element(
      "span",
      {},
      "Could not be judged: ",
      element("em", { class: "named" }, written(detector, true)),
      " broke",
    );
  if (names.length === 0) return element("span", {}, written(said, true));
  return element(
    "span",
    {},
    written(said, true),
    ": ",
    element("em", { class: "named" }, written(names[0].name, true)),
  );
}

function placeOf({ tap, token: text, position, phase }) {
  const where = phase === "both" ? ", the last of the prompt" : phase === "prompt" ? " in the prompt" : " in the reply";
  return [
    "Read at the token ",
    token(text ?? ""),
    `${phase === null ? "" : where}, position ${position}`,
    ...(tap === null ? [] : [", tap ", element("code", {}, written(tap, true))]),
  ];
}

function scoreView({ score, raw, threshold, strip, detector }) {
  const low = strip.rows.find((row) => row.detector === detector)?.low;
  return element(
    "div",
    { class: "score" },
    element("span", { class: "score-value" }, number(score)),
    gaugeView({ score, threshold, low }),
    element(
      "span",
      { class: "score-note" },
      `${score >= threshold ? "reached" : "below"} the threshold ${number(threshold)} · this token alone ${number(raw)}`,
    ),
  );
}

const EFFECTS = {
  would_abort: "In monitor mode: the policy would have stopped the reply here",
  flag: "The reply went on; the policy asks for review",
  observe: "The reply went on; the policy only counts",
};

/** What became of the reply. */
function effectOf({ action, rule, released }, { reply }) {
  return element(
    "span",
    {},
    action === "abort" || action === "unavailable" ? stopText(action, released, reply) : goneOnText(action, reply),
    rule === null ? undefined : element("span", { class: "rule" }, " Rule ", element("code", {}, written(rule, true))),
  );
}

function stopText(action, released, { tokens, released: sent, unsent }) {
  const withheld = tokens.length - sent;
  const rest = withheld > 0 && unsent === "stopped" ? `; ${count(withheld, "token")} never left` : "";
  const who =
    action === "abort" ? "The policy stopped the reply" : "A reply that cannot be judged is stopped: this one";
  return `${who} after ${count(released, "token")}${rest}.`;
}

function goneOnText(action, { tokens, released }) {
  const sent =
    tokens.length === released
      ? `all ${count(released, "token")} left`
      : `${count(released, "token")} of ${tokens.length.toLocaleString("en")} left`;
  return `${EFFECTS[action] ?? words(action)}; ${sent}.`;
}

/** Lens lists that stand beside the reason; a probe has one for each of its taps. */
const LENSES_SHOWN = 2;

function figuresView({ names, taps, lens }) {
  const shares = (title, rows) =>
    rows.length === 0
      ? []
      : [
          barsView(
            title,
            rows.map(({ name, share }) => [name, share]),
          ),
        ];
  const lenses = lens.map(({ tap, top }) =>
    barsView(
      `Lens at ${tap}, live`,
      top.slice(0, 6).map(({ text, probability }) => [text, probability]),
    ),
  );
  const figures = [
    ...shares("In mind", names),
    ...shares("What adds to the score", taps),
    ...lenses.slice(0, LENSES_SHOWN),
  ];
  if (figures.length === 0) return undefined;
  const rest = lenses.slice(LENSES_SHOWN);
  const grid = (rows) => element("div", { class: "reason-figures" }, ...rows);
  return element(
    "div",
    {},
    grid(figures),
    rest.length === 0
      ? undefined
      : element(
          "details",
          { class: "more-lenses" },
          element("summary", {}, `Lens at ${count(rest.length, "other tap")}`),
          grid(rest),
        ),
  );
}

function blindView(item, description) {
  return element(
    "section",
    { class: "reason blind", "aria-labelledby": "reason-title" },
    headView(item?.detector ?? "", "blind"),
    element(
      "h2",
      { id: "reason-title" },
      "Is this so? ",
      element("em", { class: "named" }, written(description, true)),
    ),
    element(
      "p",
      { class: "effect" },
      "Judge from the text alone. Scores, evidence and earlier opinions appear once you have decided: this is how the desk measures what detectors miss and how far reviewers agree.",
    ),
  );
}

function sampleView(item, description) {
  const { sample = null, score = null, threshold = null } = item ?? {};
  const drawn =
    sample === null
      ? "Nothing fired here."
      : `Nothing fired here. Drawn from ${sample.stratum === "near" ? "replies near the threshold" : "clear replies"}, 1 in ${Math.round(1 / sample.probability).toLocaleString("en")}, to measure what is missed.`;
  return element(
    "section",
    { class: "reason sampled", "aria-labelledby": "reason-title" },
    headView(item?.detector ?? "", item?.action ?? "sample"),
    element(
      "h2",
      { id: "reason-title" },
      "Asked about a reply that passed: ",
      element("em", { class: "named" }, written(description, true)),
    ),
    score === null
      ? undefined
      : element(
          "div",
          { class: "score" },
          element("span", { class: "score-value" }, number(score)),
          gaugeView({ score, threshold, low: undefined }),
          element("span", { class: "score-note" }, `largest score · threshold ${number(threshold)}`),
        ),
    element("p", { class: "effect" }, drawn),
  );
}
