import { getStatistics, getStats } from "./api.js";
import { intervalView } from "./bars.js";
import { count, duration, element, facts, percent, section, words, written } from "./elements.js";
import { pageFrame } from "./page-frame.js";
import { visibleText } from "./visible-text.js";

/** How the desk does: what waits, how far reviewers agree, and for each detector how often it is right and how much it misses. */
export function statisticsPage() {
  const frame = {
    title: "Statistics",
    saying: "From the verdicts so far. Intervals hold the true value in 95 of 100 cases.",
  };
  return pageFrame(frame, async (signal) => {
    const [statistics, stats] = await Promise.all([getStatistics(signal), getStats()]);
    return [headView(statistics, stats), detectorsView(statistics.perDetector), throughputView(statistics.throughput)];
  });
}

function headView({ agreement, waiting, oldestWaitingMs, medianWaitMs }, { decisions, outbox }) {
  const given = Object.values(decisions).reduce((sum, amount) => sum + amount, 0);
  return element(
    "div",
    { class: "cards" },
    card(
      "Waiting",
      waiting.toLocaleString("en"),
      waiting === 0 ? "nothing waits" : `oldest ${duration(oldestWaitingMs)}`,
    ),
    card("Median wait", medianWaitMs === null ? "–" : duration(medianWaitMs), "from flag to verdict"),
    card(
      "Verdicts",
      given.toLocaleString("en"),
      Object.entries(decisions)
        .map(([verdict, amount]) => `${amount} ${words(verdict)}`)
        .join(" · "),
    ),
    agreement === null
      ? card("Agreement", "–", "no second opinions yet")
      : card("Agreement", percent(agreement.percent / 100), agreementNote(agreement)),
    outbox === undefined
      ? undefined
      : card(
          "Outbox",
          outbox.waiting.toLocaleString("en"),
          `on their way to the queue, of at most ${outbox.limit.toLocaleString("en")}`,
        ),
  );
}

function agreementNote({ pairs, kappa }) {
  const strength = kappa === null ? "" : `, κ ${kappa.toFixed(2)} (${kappaWord(kappa)})`;
  return `${count(pairs, "pair")}${strength}`;
}

function kappaWord(kappa) {
  if (kappa < 0.2) return "slight";
  if (kappa < 0.4) return "fair";
  if (kappa < 0.6) return "moderate";
  return kappa < 0.8 ? "substantial" : "almost perfect";
}

const card = (title, value, note) =>
  element(
    "div",
    { class: "card" },
    element("h3", {}, title),
    element("p", { class: "card-value" }, value),
    element("p", { class: "hint" }, note),
  );

function detectorsView(rows) {
  if (rows.length === 0)
    return section("Detectors", {}, element("p", { class: "hint" }, "No detector has flagged anything yet."));
  const views = rows.map((row) =>
    element(
      "li",
      { class: "detector-row" },
      element("div", {}, element("h4", {}, written(row.detector, true)), countsOf(row)),
      element(
        "div",
        { class: "measure" },
        element("span", { class: "measure-name" }, "Precision"),
        intervalView(row.precision, "no verdicts yet"),
      ),
      element(
        "div",
        { class: "measure" },
        element("span", { class: "measure-name" }, "Recall"),
        intervalView(row.recall, "needs sampled replies with verdicts"),
      ),
    ),
  );
  return section(
    "Detectors",
    {},
    element(
      "p",
      { class: "saying" },
      "Precision: how many flags were right. Recall: how much of what is there was flagged, from replies drawn at random.",
    ),
    element("ol", { class: "detector-rows" }, ...views),
  );
}

function countsOf(row) {
  const names = ["flagged", "reviewed", "replies", "sampled"];
  const joined = [
    ["reviewed as alike", row.carried],
    ["unjudged in floods", row.flooded],
  ].filter(([, amount]) => amount > 0);
  const rows = [...names.map((name) => [name, row[name]]), ...joined].map(([name, amount]) => [
    name,
    amount.toLocaleString("en"),
  ]);
  return facts(rows, { class: "counts" });
}

function throughputView(days) {
  const shown = days.slice(-30);
  if (shown.length === 0) return undefined;
  const most = Math.max(1, ...shown.map(({ decided }) => decided));
  const bars = shown.map(({ day, decided }) =>
    element(
      "li",
      { title: visibleText(`${day}: ${decided}`, true) },
      element("span", { class: "day-value" }, String(decided)),
      element("span", { class: "day-bar", "aria-hidden": "true", "--share": (decided / most).toFixed(3) }),
      element("span", { class: "day-name" }, written(day.slice(5), true)),
    ),
  );
  return section(
    "Verdicts a day",
    {},
    element("ol", { class: "days", tabindex: "0", "aria-label": "Verdicts by day" }, ...bars),
  );
}
