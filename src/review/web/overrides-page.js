import { deleteOverride, getOverrides, now, postOverride } from "./api.js";
import { duration, element, facts, moment, section, words, written } from "./elements.js";
import { attempt, notify } from "./notices.js";
import { pageFrame } from "./page-frame.js";

const EVERYTHING = "";
const LASTING = [
  [30, "30 minutes"],
  [60, "1 hour"],
  [120, "2 hours"],
  [480, "8 hours"],
  [1_440, "1 day"],
  [4_320, "3 days"],
  [10_080, "7 days"],
];
const MODES = [
  ["monitor", "monitor: stop nothing, record what would have been"],
  ["observe", "observe: only count"],
];

/** What is loosened now; a lead may loosen more for a while, and end it. */
export function overridesPage(session) {
  const isLead = session.role === "lead";
  const list = element("div", { class: "override-list" });
  const drawn = { text: "" };
  /** Draws nothing anew while nothing changes, so that a button keeps its focus. */
  function drawList(overrides) {
    const text = JSON.stringify(overrides);
    if (text === drawn.text) return;
    drawn.text = text;
    list.replaceChildren(
      ...(overrides.length === 0
        ? [element("p", { class: "placeholder" }, "No override is in force: every detector follows its policies.")]
        : overrides.map((override) => overrideView(override, isLead, end))),
    );
  }
  async function reread() {
    drawList((await getOverrides()).overrides);
    document.getElementById("main").focus({ preventScroll: true });
  }
  async function end({ id, detector }) {
    await deleteOverride(id);
    notify(`Ended: ${detector ?? "everything"} follows its policies again.`);
    await reread();
  }
  async function set(wish) {
    const { override } = await postOverride(wish);
    notify(`Overridden: ${override.detector ?? "everything"}, for ${duration(override.until - now())}.`);
    await reread();
  }
  const saying = "The brake: a detector that fires at everything is loosened for a while. It ends by itself.";
  const page = pageFrame({ title: "Overrides", saying }, async (signal) => {
    const { overrides, names } = await getOverrides(signal);
    drawn.text = "";
    drawList(overrides);
    return [list, isLead ? formView(names, set) : element("p", { class: "hint" }, "Only a lead may set or end one.")];
  });
  return { ...page, overridesChanged: drawList };
}

function overrideView(override, isLead, end) {
  const { detector, mode, since, until, actor, reason, gateway } = override;
  const button = element("button", { type: "button", class: "quiet small" }, "End it now");
  button.addEventListener("click", () => {
    button.disabled = true;
    void attempt(() => end(override)).finally(() => (button.disabled = false));
  });
  const title = detector === null ? "Every detector" : written(detector, true);
  return section(
    title,
    { class: "override", extra: isLead ? button : undefined },
    facts([
      ["Mode", words(mode)],
      ["By", written(actor, true)],
      ["Why", written(reason, true)],
      ["Since", moment(since)],
      ["Until", moment(until)],
      ["Set at", gateway === undefined ? "this gateway" : element("code", {}, written(gateway, true))],
    ]),
  );
}

function formView(names, set) {
  const detector = selectOf("override-detector", [
    ...names.map((name) => [name, name]),
    [EVERYTHING, "every detector of every policy"],
  ]);
  const mode = selectOf("override-mode", MODES);
  const minutes = selectOf("override-minutes", LASTING);
  minutes.value = "120";
  const reason = element("input", {
    id: "override-reason",
    name: "reason",
    required: true,
    maxlength: "500",
    autocomplete: "off",
  });
  const button = element("button", { type: "submit", class: "primary" }, "Override");
  const field = (label, input) => element("div", {}, element("label", { for: input.id }, label), input);
  const form = element(
    "form",
    { class: "override-form", "aria-labelledby": "override-form-title" },
    element("h3", { id: "override-form-title" }, "Override a detector"),
    field("What", detector),
    field("How far", mode),
    field("For how long", minutes),
    field("Why (for the audit trail and everyone here; no text of users)", reason),
    element("div", { class: "actions" }, button),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    const wish = {
      detector: detector.value === EVERYTHING ? null : detector.value,
      mode: mode.value,
      minutes: Number(minutes.value),
      reason: reason.value,
    };
    void attempt(async () => {
      await set(wish);
      reason.value = "";
    }).finally(() => (button.disabled = false));
  });
  return form;
}

function selectOf(id, options) {
  const rows = options.map(([value, text]) => element("option", { value: String(value) }, written(text, true)));
  return element("select", { id }, ...rows);
}
