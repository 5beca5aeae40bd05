import { getProposals, postThreshold } from "./api.js";
import { intervalView } from "./bars.js";
import { choices, count, element, number, percent, section, written } from "./elements.js";
import { attempt, notify } from "./notices.js";
import { pageFrame } from "./page-frame.js";
import { showDialog } from "./shortcuts.js";
import { visibleText } from "./visible-text.js";

const RATES = [0.01, 0.001, 0.0001];
const rateText = (rate) => `1 in ${Math.round(1 / rate).toLocaleString("en")}`;

/** Thresholds proposed for a rate of false alarms; a lead may have one written. */
export function thresholdsPage(session) {
  const state = { rate: 0.001 };
  const tools = element(
    "div",
    { class: "page-tools" },
    element("span", { class: "hint" }, "False alarms wanted, of all replies"),
    choices(
      "False alarms wanted",
      RATES.map((rate) => [rate, rateText(rate)]),
      {
        value: state.rate,
        choose: (rate) => {
          state.rate = rate;
          void page.draw();
        },
      },
    ),
  );
  const saying = "What the verdicts say each threshold should be. Nothing is changed until a lead writes it.";
  const page = pageFrame({ title: "Thresholds", saying, tools }, async (signal) => {
    const { proposals } = await getProposals(state.rate, signal);
    if (proposals.length === 0)
      return [element("p", { class: "placeholder" }, "No detector has enough scores and verdicts for a proposal yet.")];
    return proposals.map((proposal) => proposalView(proposal, session, page));
  });
  return page;
}

function proposalView(proposal, session, page) {
  const { detector, current, proposed, caveats } = proposal;
  const same = proposed !== null && Math.abs(proposed - current) < 1e-9;
  const write = element(
    "button",
    {
      type: "button",
      class: "quiet",
      disabled: session.role !== "lead" || proposed === null || same,
      onclick: () => confirmWriting(proposal, page),
    },
    "Write this threshold…",
  );
  return section(
    visibleText(detector, true),
    { class: "proposal" },
    element(
      "p",
      { class: "change" },
      element("span", { class: "change-from" }, number(current)),
      element("span", { "aria-hidden": "true" }, " → "),
      element("span", { class: "unseen" }, " to "),
      element("strong", { class: "change-to" }, proposed === null ? "no proposal" : number(proposed)),
      same ? element("span", { class: "hint" }, " stays as it is") : undefined,
    ),
    element("p", { class: "hint" }, groundsOf(proposal)),
    comparison(proposal),
    caveats.length === 0
      ? undefined
      : element(
          "div",
          { class: "caveats" },
          element("h4", {}, "What these verdicts cannot show"),
          element("ul", {}, ...caveats.map((caveat) => element("li", {}, written(caveat)))),
        ),
    element(
      "div",
      { class: "actions" },
      write,
      session.role === "lead" ? undefined : element("span", { class: "hint" }, "Only a lead may write thresholds."),
    ),
  );
}

/** What the proposal rests on. */
function groundsOf({ verdicts, replies, falseAlarms }) {
  const over = replies === undefined ? "" : ` over ${count(replies, "scored reply", "scored replies")}`;
  const bound =
    typeof falseAlarms === "number" ? `; at most ${percent(falseAlarms)} false alarms, with 95 % confidence` : "";
  return `from ${count(verdicts, "verdict")}${over}${bound}`;
}

function comparison({ alarmsNow, alarmsThen, recallNow, recallThen, proposed }) {
  // Without a proposal nothing changes: one column says it all.
  const times = proposed === null ? ["Now"] : ["Now", "Then"];
  const row = (name, estimates, most) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...estimates.slice(0, times.length).map((one) => element("td", {}, intervalView(one, "unknown", most))),
    );
  // Alarms are so rare that a scale to 1 would show nothing.
  const most = 1.1 * Math.max(1e-6, ...[alarmsNow, alarmsThen].map((one) => one?.upper ?? 0));
  const head = ["", ...times].map((name) =>
    element("th", { scope: "col" }, name === "" ? element("span", { class: "unseen" }, "Measure") : name),
  );
  return element(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": "Now and then" },
    element(
      "table",
      { class: "figures-table compare" },
      element("thead", {}, element("tr", {}, ...head)),
      element(
        "tbody",
        {},
        row("Alarms per reply", [alarmsNow, alarmsThen], most),
        row("Recall", [recallNow, recallThen], 1),
      ),
    ),
  );
}

function confirmWriting({ detector, current, proposed, rate }, page) {
  const yes = element(
    "button",
    {
      type: "button",
      class: "primary",
      onclick: () =>
        void attempt(async () => {
          yes.disabled = true;
          try {
            await postThreshold(detector, { rate, threshold: proposed });
          } finally {
            dialog.close();
          }
          notify(`Written: ${detector} fires from ${number(proposed)}.`);
          await page.draw();
        }),
    },
    "Write it",
  );
  const dialog = showDialog(
    "Write this threshold?",
    [
      element(
        "p",
        {},
        "The file of ",
        element("strong", {}, written(detector, true)),
        ` is changed: threshold ${number(current)} becomes `,
        element("strong", {}, number(proposed)),
        `, for ${rateText(rate)} false alarms.`,
      ),
      element(
        "p",
        { class: "hint" },
        "Your name and the time are written beside it. Running gateways take it over when they load their configuration again.",
      ),
    ],
    [yes],
  );
}
