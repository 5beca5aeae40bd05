import { postDecision, postUndo } from "./api.js";
import { words } from "./elements.js";
import { attempt, notify } from "./notices.js";
import { itemHash } from "./router.js";

const AFTER = { second: " A second reviewer will look, too.", escalated: " A lead will look." };

/** Claims one item, or the most urgent one, and opens it. `own` is what `createItemDesk` holds. */
export function claim(own, traceId) {
  return attempt(async () => {
    const claimed = await own.claims.take(traceId === undefined ? own.parts.desk().wanted() : { traceId });
    own.parts.desk().changed();
    if (claimed === undefined)
      throw new Error(
        traceId === undefined ? "Nothing waits that you may take." : "Someone else has this item by now.",
      );
    if (own.idOf() === claimed.traceId) await own.reread();
    else location.hash = itemHash(claimed.traceId);
  });
}

/** Gives the claim back. */
export function release(own) {
  return attempt(async () => {
    await own.claims.release();
    own.parts.desk().changed();
    await own.reread();
  });
}

/** Gives the verdict on the open item. */
export async function decide(own, verdict, note) {
  if (verdict === "") {
    notify("Choose a verdict first: keys 1 to 4.");
    return;
  }
  if (own.state.sending) return;
  own.state.sending = true;
  await attempt(async () => {
    // What is on the page is what the verdict is about.
    const { item, hidden } = own.state.detail;
    const traceId = own.idOf();
    const supersede = item.state === "decided" || undefined;
    const { next } = await postDecision(traceId, { verdict, note, token: own.claims.of(traceId)?.token, supersede });
    own.claims.forget();
    own.drafts.delete(traceId);
    own.state.last = traceId;
    await own.parts.onDecided(traceId, () => sayDecided(own, { verdict, next, traceId, hidden }));
  });
  own.state.sending = false;
}

function sayDecided(own, { verdict, next, traceId, hidden }) {
  const look = () => {
    location.hash = itemHash(traceId);
  };
  const actions = [["Undo", () => void undo(own, traceId), "u"], ...(hidden ? [["Show the scores", look]] : [])];
  notify(`Recorded: ${words(verdict)}.${AFTER[next] ?? ""}`, { actions });
}

/** Takes a verdict back: on the named trace, otherwise the last one given on this page. */
export async function undo(own, traceId = own.state.last) {
  if (traceId === undefined) {
    notify("There is no verdict of yours to undo here.");
    return;
  }
  await attempt(async () => {
    await postUndo(traceId);
    own.state.last = undefined;
    own.parts.desk().changed();
    if (own.idOf() === traceId) await own.reread();
    else location.hash = itemHash(traceId);
    notify("Withdrawn; the item waits again.");
  });
}
