import { now } from "./api.js";
import { duration, element, words, written } from "./elements.js";

const drawn = { text: "" };

/** Says on every page what is loosened, until when, by whom and why. Draws nothing anew while nothing changes. */
export function drawOverrides(overrides) {
  const banner = document.getElementById("overrides");
  const left = overrides.map(({ until }) => duration(until - now()));
  const text = JSON.stringify([overrides, left]);
  if (text === drawn.text) return;
  drawn.text = text;
  banner.hidden = overrides.length === 0;
  banner.replaceChildren(...overrides.map((override, index) => overrideView(override, left[index])));
}

function overrideView({ detector, mode, until, actor, reason }, left) {
  const what = detector === null ? "Every detector" : element("code", {}, written(detector, true));
  const exactly = new Date(until).toLocaleString();
  return element(
    "p",
    {},
    element("strong", {}, what, ` is overridden to ${words(mode)}`),
    mode === "monitor" ? ": it stops nothing. " : ": it only counts. ",
    element("time", { datetime: new Date(until).toISOString(), title: exactly }, `${left} left`),
    ", ",
    written(actor, true),
    ": ",
    written(reason, true),
  );
}
