import { choices, count, element, facts, number, section, words, written } from "./elements.js";
import { heatOf, liveScores, reaches, scoredDetectors } from "./heat.js";
import { gapButton, longText } from "./long-text.js";
import { visibleText } from "./visible-text.js";

/** Tokens kept around the start, the cut, a firing and the end of a reply that is too long to show whole. */
const AROUND = { whole: 400, start: 16, focus: 60, end: 12 };

/** The conversation with the reply as its last turn, its tokens coloured by the live scores of one detector. */
export function conversationView({ trace, hidden }, cursor) {
  const { head, firings } = trace;
  const turns = head.conversation.map(({ role, content }) =>
    element(
      "li",
      { class: "turn", "data-role": role === "system" ? "system" : "other" },
      element("span", { class: "role" }, written(role, true)),
      element("p", { class: "text", dir: "auto" }, longText(content)),
    ),
  );
  const inReply = new Set(trace.reply.tokens.map(({ position }) => position));
  const detectors = scoredDetectors(firings).filter((detector) =>
    [...liveScores(firings, detector).scores.keys()].some((position) => inReply.has(position)),
  );
  const body = element("div", { class: "reply-body" });
  const draw = (detector) => body.replaceChildren(replyText(trace, liveScores(firings, detector)));
  draw(detectors[0]);
  follow(body, cursor);
  const extra =
    detectors.length < 2
      ? undefined
      : choices(
          "Colour the reply by",
          detectors.slice(0, 4).map((detector) => [detector, visibleText(detector, true)]),
          { value: detectors[0], choose: draw },
        );
  return section(
    "Conversation",
    { class: "conversation", extra },
    omissionView(trace.omitted),
    element(
      "ol",
      { class: "turns" },
      ...turns,
      element(
        "li",
        { class: "turn reply-turn" },
        element("span", { class: "role" }, "reply"),
        body,
        element("p", { class: "hint" }, hidden ? `${count(trace.reply.tokens.length, "token")}.` : summaryOf(trace)),
      ),
    ),
  );
}

/** What the gateway left out of a trace that is too large to send. */
function omissionView(omitted) {
  if (!omitted) return undefined;
  const parts = [
    omitted.turns > 0 ? count(omitted.turns, "turn") : undefined,
    omitted.characters > 0 ? count(omitted.characters, "character") : undefined,
    omitted.tokens > 0 ? `${count(omitted.tokens, "token")} of the reply` : undefined,
  ].filter((part) => part !== undefined);
  return element(
    "p",
    { class: "warning" },
    `Too long to show whole: ${parts.join(", ")} left out. What is shown is the end of the conversation and the reply around the firing.`,
  );
}

/** Pointing at a token moves the cursor, a click pins it; the cursor marks its token. */
function follow(body, cursor) {
  const positionOf = (event) => {
    const found = event.target.closest("[data-position]");
    return found === null ? undefined : Number(found.dataset.position);
  };
  body.addEventListener("pointerover", (event) => {
    const position = positionOf(event);
    if (position === undefined) cursor.leave();
    else cursor.point(position);
  });
  body.addEventListener("pointerleave", () => cursor.leave());
  body.addEventListener("click", (event) => {
    const position = positionOf(event);
    if (position !== undefined) cursor.pin(position);
  });
  cursor.subscribe(({ position }) => {
    for (const node of body.querySelectorAll(".at")) node.classList.remove("at");
    if (position !== null) body.querySelector(`[data-position="${position}"]`)?.classList.add("at");
  });
}

function replyText({ reply }, live) {
  const { tokens, released, unsent } = reply;
  const withheld = tokens.length - released;
  const body = element("p", { class: "text reply", dir: "auto" });
  const kept = keptOf(reply);
  const run = (from, to) => runOf(tokens, kept, { from, to, live });
  body.append(element("span", { class: "released" }, ...run(0, released)));
  if (withheld > 0) {
    const calm = unsent === "stopped" ? "" : " calm";
    const label = `${unsent} after ${count(released, "token")}`;
    body.append(
      element("span", { class: `cut${calm}`, role: "separator", "aria-label": label }, `${unsent} here`),
      element(
        "span",
        { class: `withheld${calm}` },
        element("span", { class: "unseen" }, "never sent: "),
        ...run(released, tokens.length),
      ),
    );
  }
  if (tokens.length === 0) body.append(element("em", {}, "Nothing was generated."));
  return body;
}

function keptOf({ tokens, released }) {
  if (tokens.length <= AROUND.whole) return () => true;
  const focus = [released, ...tokens.flatMap(({ fired }, index) => (fired.length > 0 ? [index] : []))];
  return (index) =>
    index < AROUND.start ||
    index >= tokens.length - AROUND.end ||
    focus.some((at) => Math.abs(at - index) <= AROUND.focus);
}

/** Nodes for a stretch of tokens: those with a score or a firing alone, the others as plain text, what is folded as a button. */
function runOf(tokens, kept, { from, to, live }) {
  const nodes = [];
  let index = from;
  while (index < to) {
    const start = index;
    while (index < to && !kept(index)) index += 1;
    if (index > start) {
      const folded = tokens.slice(start, index);
      nodes.push(gapButton(count(folded.length, "token"), () => written(folded.map(({ text }) => text).join(""))));
      continue;
    }
    nodes.push(tokenView(tokens[index], live));
    index += 1;
  }
  return nodes;
}

function tokenView({ text, position, fired }, live) {
  const score = position === null ? undefined : live.scores.get(position);
  if (fired.length === 0 && score === undefined) return written(text);
  const over = reaches(score, live.threshold);
  const shown = text === "" ? "…" : written(text);
  const attributes = {
    "data-position": position === null ? undefined : String(position),
    "--heat": score === undefined ? undefined : heatOf(score, live).toFixed(3),
  };
  if (fired.length === 0) return element("span", { class: over ? "heat over" : "heat", ...attributes }, shown);
  const title = `${visibleText(fired.join(", "), true)} fired here${score === undefined ? "" : `, ${number(score)}`}`;
  return element(
    "mark",
    { class: "fired", title, "aria-label": `${visibleText(text)} (${title})`, ...attributes },
    shown,
  );
}

const ENDINGS = {
  stop: "The model ended it.",
  length: "It reached its length limit.",
  abort: "The policy stopped it.",
  unavailable: "Oversight was unavailable, so it was stopped.",
  cancelled: "The client left.",
  deadline: "It ran past its deadline.",
  failed: "The run failed.",
};

function summaryOf({ reply, endReason, state }) {
  const withheld = reply.tokens.length - reply.released;
  const known = reply.certain ? "" : " at the last finding; the end of this generation is unknown";
  const unsent = `${withheld} ${reply.unsent === "stopped" ? "withheld" : "not sent"}`;
  return `${count(reply.released, "token")} released, ${unsent}${known}. ${endText(endReason, state)}`;
}

function endText(reason, state) {
  if (reason !== null) return ENDINGS[reason] ?? words(reason);
  return state === "open" ? "It is still running." : "It was interrupted.";
}

/** Where the trace comes from. */
export function factsView({ head, state }) {
  const rows = [
    ["Trace", head.id],
    ["Request", head.requestId],
    ["When", new Date(head.createdAt).toLocaleString()],
    ["State", words(state)],
    ["Endpoint", head.endpoint],
    ["Policy", `${head.policy} (${head.mode})`],
    ["Model", `${head.model.name}, ${head.model.precision}, ${head.model.sha256.slice(0, 12)}`],
    ["Key", head.keyId ?? "none"],
  ].map(([name, value]) => [name, written(value, true)]);
  return element("details", { class: "panel facts" }, element("summary", {}, "About this request"), facts(rows));
}
