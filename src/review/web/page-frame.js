import { element, written } from "./elements.js";

/**
 * A page that is loaded once it is shown: title, what it says in one line, and a body with its own waiting and failing.
 * `load(signal)` answers with the body's nodes.
 */
export function pageFrame({ title, saying, tools }, load) {
  const body = element("div", { class: "page-body", "aria-busy": "true" });
  const abort = { current: undefined };
  async function draw() {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    body.setAttribute("aria-busy", "true");
    if (body.children.length === 0) body.replaceChildren(...skeleton());
    try {
      const nodes = await load(own.signal);
      if (!own.signal.aborted) body.replaceChildren(...nodes.filter((node) => node !== undefined && node !== null));
    } catch (error) {
      if (error.name === "AbortError" || own.signal.aborted || error.code === "login_required") return;
      body.replaceChildren(failedView(error.message, draw));
    } finally {
      if (!own.signal.aborted) body.setAttribute("aria-busy", "false");
    }
  }
  const node = element(
    "div",
    { class: "page" },
    element(
      "div",
      { class: "page-head" },
      element("div", {}, element("h2", {}, title), element("p", { class: "hint" }, saying)),
      tools,
    ),
    body,
  );
  return { node, draw, leave: () => abort.current?.abort() };
}

const skeleton = () => [1, 2, 3].map(() => element("div", { class: "skeleton-block busy", "aria-hidden": "true" }));

/** Says what went wrong, and offers another try. */
export function failedView(message, again) {
  return element(
    "div",
    { class: "failed", role: "alert" },
    element("p", {}, written(message)),
    element("button", { type: "button", class: "quiet", onclick: again }, "Try again"),
  );
}
