/** A refusal of the gateway, with its own words. `status` 0: it did not answer at all. */
export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** Tells `answered`, `unreachable` and `login`: the page shows whether it is in touch, and asks for a login where one ended. */
export const connection = new EventTarget();

const TIMEOUT_MS = 20_000;
const held = { csrf: "", skewMs: 0 };

/** The gateway's clock: ages and leases are counted on it. */
export const now = () => Date.now() + held.skewMs;

async function send(method, path, { body, keepalive = false, signal } = {}) {
  const headers = method === "GET" ? {} : { "content-type": "application/json", "x-csrf-token": held.csrf };
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(path, {
      method,
      headers,
      keepalive,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.dispatchEvent(new Event("unreachable"));
    throw new ApiError("The gateway does not answer.", 0, "unreachable");
  }
}

async function call(method, path, options) {
  const response = await send(method, path, options);
  const answer = await response.json().catch(() => ({}));
  const date = Date.parse(response.headers.get("date") ?? "");
  // The header counts whole seconds: only a clock that is plainly off is corrected.
  if (!Number.isNaN(date)) held.skewMs = Math.abs(date - Date.now()) > 2_000 ? date - Date.now() : 0;
  connection.dispatchEvent(new Event("answered"));
  if (response.ok) return answer;
  const { message = `The gateway answered ${response.status}.`, code = "" } = answer.error ?? {};
  if (code === "invalid_csrf_token" && options?.again !== false) {
    await getSession();
    return call(method, path, { ...options, again: false });
  }
  if (code === "login_required") connection.dispatchEvent(new Event("login"));
  throw new ApiError(message, response.status, code);
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "" && value !== null);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
};
const get = (path, signal) => call("GET", `/api/review/${path}`, { signal });
const remove = (path) => call("DELETE", `/api/review/${path}`, {});
const post = (path, body) => call("POST", `/api/review/${path}`, { body });
const item = (traceId, verb) => `items/${encodeURIComponent(traceId)}${verb === undefined ? "" : `/${verb}`}`;

function keep(answer) {
  held.csrf = answer.session?.csrf ?? "";
  return answer;
}

export const getSession = async () => keep(await call("GET", "/api/session", { again: false }));
export const logIn = async (name, password) =>
  keep(await call("POST", "/api/session", { body: password === "" ? { name } : { name, password }, again: false }));
export const logOut = async () => keep(await call("DELETE", "/api/session", {}));

export const EVENTS = "/api/review/events";
export const getStats = () => get("stats");
export const getItems = (filter, signal) => get(`items${query(filter)}`, signal);
export const getItem = (traceId, signal) => get(item(traceId), signal);
export const postClaim = (wanted) => post("claim", wanted);
export const postHeartbeat = (traceId, token) => post(item(traceId, "heartbeat"), { token });
export const postRelease = (traceId, token) => post(item(traceId, "release"), { token });
export const postDecision = (traceId, decision) => post(item(traceId, "decide"), decision);
export const postUndo = (traceId) => post(item(traceId, "undo"), {});
export const postNote = (traceId, text) => post(item(traceId, "note"), { text });
export const postRevive = (traceId) => post(item(traceId, "revive"), {});
export const getStatistics = (signal) => get("statistics", signal);
export const getProposals = (rate, signal) => get(`proposals${query({ rate })}`, signal);
export const postThreshold = (detector, change) => post(`proposals/${encodeURIComponent(detector)}`, change);
export const getOverrides = (signal) => get("overrides", signal);
export const postOverride = (wish) => post("overrides", wish);
export const deleteOverride = (id) => remove(`overrides/${encodeURIComponent(id)}`);
export const getAudit = (filter, signal) => get(`audit${query(filter)}`, signal);

export const deleteItem = (traceId, reason) => call("DELETE", `/api/review/${item(traceId)}`, { body: { reason } });
export const getRequest = (id, signal) => call("GET", `/api/requests/${encodeURIComponent(id)}`, { signal });

/** Gives a claim back while the page goes away. */
export function releaseOnLeaving(traceId, token) {
  void send("POST", `/api/review/${item(traceId, "release")}`, { body: { token }, keepalive: true }).catch(
    () => undefined,
  );
}
