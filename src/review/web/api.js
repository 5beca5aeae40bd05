/** Calls the review API; a refusal becomes an `Error` with the gateway's own message. */
async function call(path, body) {
  const options =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/api/review/${path}`, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? `The gateway answered ${response.status}.`);
  return answer;
}

export const getStats = () => call("stats");
export const getItems = (state, limit) => call(`items?state=${state}&limit=${limit}`);
export const getItem = (traceId) => call(`items/${traceId}`);
export const postClaim = (traceId, reviewer) => call("claim", { traceId, reviewer });
export const postHeartbeat = (traceId, token) => call(`items/${traceId}/heartbeat`, { token });
export const postRelease = (traceId, token) => call(`items/${traceId}/release`, { token });
export const postDecision = (traceId, decision) => call(`items/${traceId}/decide`, decision);
