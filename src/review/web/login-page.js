import { logIn } from "./api.js";
import { element, written } from "./elements.js";

const OPEN =
  "No reviewers are configured: any name will do, and it stands beside every verdict. Only this machine can reach the console.";

/** The login form. `passwords`: whether reviewers are configured; `done(session)` follows. */
export function loginPage({ passwords, ended }, done) {
  const failed = element("p", { class: "form-error", role: "alert" });
  const { name, password } = fieldsOf(passwords);
  const button = element("button", { type: "submit", class: "primary" }, passwords ? "Log in" : "Start reviewing");
  const form = element(
    "form",
    { class: "login", "aria-labelledby": "login-title" },
    element("h2", { id: "login-title" }, passwords ? "Log in to review" : "Who is reviewing?"),
    ended
      ? element("p", { class: "hint" }, "Your session ended. What you typed is kept and comes back after the login.")
      : undefined,
    passwords ? undefined : element("p", { class: "hint" }, OPEN),
    element("label", { for: "login-name" }, "Name"),
    name,
    passwords ? element("label", { for: "login-password" }, "Password") : undefined,
    passwords ? password : undefined,
    button,
    failed,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  async function send() {
    button.disabled = true;
    failed.replaceChildren();
    try {
      const { session } = await logIn(name.value.trim(), passwords ? password.value : "");
      done(session);
    } catch (error) {
      failed.replaceChildren(written(error.message));
      password.value = "";
      (passwords ? password : name).focus();
    } finally {
      button.disabled = false;
    }
  }
  return { node: element("div", { class: "login-frame" }, form), focus: () => name.focus() };
}

function fieldsOf(passwords) {
  const name = element("input", {
    id: "login-name",
    name: "name",
    autocomplete: "username",
    required: true,
    maxlength: "100",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = element("input", {
    id: "login-password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: passwords,
  });
  return { name, password };
}
