import { deleteItem } from "./api.js";
import { element, written } from "./elements.js";
import { showDialog } from "./shortcuts.js";

/** The button that deletes a trace for good, once its person has said why and that they mean it; `onDeleted()` is told then. */
export const deleteButton = (traceId, onDeleted) =>
  element(
    "button",
    { type: "button", class: "quiet small danger", "data-delete": traceId, onclick: () => askFor(traceId, onDeleted) },
    "Delete…",
  );

function askFor(traceId, onDeleted) {
  const reason = element("textarea", {
    id: "delete-reason",
    rows: "2",
    maxlength: "1000",
    "aria-required": "true",
    "aria-describedby": "delete-wrong",
  });
  const wrong = element("p", { class: "form-error", id: "delete-wrong", role: "alert" });
  const yes = element("button", { type: "submit", form: "delete-form", class: "quiet danger" }, "Delete for good");
  const form = element(
    "form",
    { id: "delete-form", novalidate: true },
    element("label", { for: "delete-reason" }, "Why it is deleted"),
    reason,
    wrong,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send({ traceId, reason, wrong, yes, dialog, onDeleted });
  });
  const dialog = showDialog(
    "Delete this trace?",
    [
      element(
        "p",
        {},
        "Conversation, reply and evidence of ",
        element("code", {}, traceId),
        " go, here and at other gateways.",
      ),
      element(
        "p",
        { class: "hint" },
        "It cannot be undone. Verdicts and scores stay; your name and the reason are in the audit trail.",
      ),
      form,
    ],
    [yes],
  );
  reason.focus();
}

async function send({ traceId, reason, wrong, yes, dialog, onDeleted }) {
  if (reason.value.trim() === "") {
    wrong.textContent = "Say why: it stands in the audit trail.";
    reason.focus();
    return;
  }
  yes.disabled = true;
  try {
    await deleteItem(traceId, reason.value);
  } catch (error) {
    yes.disabled = false;
    wrong.replaceChildren(written(error.message));
    if (error.code === "login_required") dialog.close();
    return;
  }
  dialog.close();
  onDeleted();
}
