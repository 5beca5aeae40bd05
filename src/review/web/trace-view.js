import { element, words, written } from "./elements.js";
import { visibleText } from "./visible-text.js";

/** The turns of the request. */
export function conversationView(turns) {
  const list = turns.map(({ role, content }) =>
    element(
      "li",
      { class: "turn" },
      element("span", { class: "role" }, written(role, true)),
      element("p", { class: "text", dir: "auto" }, written(content)),
    ),
  );
  return section("Conversation", element("ol", { class: "turns" }, ...list));
}

/** The reply: what the client saw, a line where it was cut, and what was generated but never left. */
export function replyView({ reply, endReason, state }) {
  const { tokens, released, unsent, certain } = reply;
  const withheld = tokens.length - released;
  const body = element("p", { class: "text reply", dir: "auto" });
  body.append(element("span", { class: "released" }, ...tokens.slice(0, released).map(tokenView)));
  if (withheld > 0) {
    const label = `${unsent} after ${count(released, "token")}`;
    body.append(
      element(
        "span",
        { class: unsent === "stopped" ? "cut" : "cut calm", role: "separator", "aria-label": label },
        `${unsent} here`,
      ),
    );
    body.append(
      element(
        "span",
        { class: unsent === "stopped" ? "withheld" : "withheld calm" },
        element("span", { class: "unseen" }, "never sent: "),
        ...tokens.slice(released).map(tokenView),
      ),
    );
  }
  if (tokens.length === 0) body.append(element("em", {}, "Nothing was generated."));
  const known = certain ? "" : " at the last finding; the end of this generation is unknown";
  const summary = `${count(released, "token")} released, ${withheld} ${unsent === "stopped" ? "withheld" : "not sent"}${known}. ${endText(endReason, state)}`;
  return section("Reply", body, element("p", { class: "hint" }, summary));
}

function tokenView({ text, fired }) {
  if (fired.length === 0) return written(text);
  const title = `${visibleText(fired.join(", "), true)} fired here`;
  return element("mark", { class: "fired", title, "aria-label": title }, written(text === "" ? "…" : text));
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

function endText(reason, state) {
  if (reason !== null) return ENDINGS[reason] ?? words(reason);
  return state === "open" ? "It is still running." : "It was interrupted.";
}

export const count = (amount, noun) => `${amount} ${noun}${amount === 1 ? "" : "s"}`;

/** A titled block. */
export function section(title, ...children) {
  return element("section", {}, element("h3", {}, title), ...children);
}

/** Where the trace comes from. */
export function factsView({ head }) {
  const rows = [
    ["Trace", head.id],
    ["Request", head.requestId],
    ["When", new Date(head.createdAt).toLocaleString()],
    ["Endpoint", head.endpoint],
    ["Policy", `${head.policy} (${head.mode})`],
    ["Model", `${head.model.name}, ${head.model.precision}, ${head.model.sha256.slice(0, 12)}`],
    ["Key", head.keyId ?? "none"],
  ];
  const cells = rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, written(value, true))]);
  return element(
    "details",
    { class: "facts" },
    element("summary", {}, "About this request"),
    element("dl", {}, ...cells),
  );
}
