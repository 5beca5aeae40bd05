import { element, written } from "./elements.js";

const SHORT_MS = 5_000;
const LONG_MS = 12_000;
const timer = { id: undefined };
const find = (id) => document.getElementById(id);

/** Says something at the foot of the page. `actions`: `[label, run, key]` buttons; `bad`: it went wrong. */
export function notify(message, { bad = false, actions = [] } = {}) {
  const notice = find("notice");
  const buttons = actions.map(([label, run, key]) =>
    element(
      "button",
      {
        type: "button",
        onclick: () => {
          hideNotice();
          run();
        },
      },
      label,
      key === undefined ? undefined : element("kbd", { "aria-hidden": "true" }, key),
    ),
  );
  notice.replaceChildren(element("span", { class: "notice-text" }, written(message)), ...buttons);
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(timer.id);
  timer.id = setTimeout(hideNotice, bad || actions.length > 0 ? LONG_MS : SHORT_MS);
}

export function hideNotice() {
  clearTimeout(timer.id);
  find("notice").hidden = true;
}

/** For screen readers only. */
export function announce(message) {
  find("announcer").replaceChildren(written(message, true));
}

/** Runs something that a person asked for; what goes wrong is said. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.name !== "AbortError" && error.code !== "login_required") notify(error.message, { bad: true });
    return undefined;
  }
}
