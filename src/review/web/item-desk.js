import { getItem, getRequest, now, postNote, postRevive } from "./api.js";
import { clockText, createClaims } from "./claims.js";
import { deleteButton } from "./deletion.js";
import { element, words } from "./elements.js";
import { keepFocus } from "./focus.js";
import { itemView } from "./item-view.js";
import { announce, attempt, notify } from "./notices.js";
import { auditLink } from "./record-view.js";
import { itemHash } from "./router.js";
import { claim, decide, release, undo } from "./verdict-acts.js";
import { verdictForm } from "./verdict-form.js";

/** How long after one another the page looks for a re-read that is not there yet. */
const LOOKS_MS = [1_500, 3_000, 5_000, 8_000, 15_000, 30_000, 60_000, 60_000];
const YOUNG_MS = 3_600_000;
const EMPTY = { verdict: "", note: "" };
const find = (id) => document.getElementById(id);

/**
 * The open item: its form, claim, drafts and evidence. `parts`: `{session(), desk(), onDecided(traceId, say)}`. What is
 * typed is kept by trace until it is sent, also over a login.
 */
export function createItemDesk(parts) {
  const own = {
    parts,
    state: { detail: undefined, view: undefined, looks: undefined, last: undefined },
    drafts: new Map(),
  };
  own.idOf = () => own.state.detail?.trace.head.id;
  own.reread = () => attempt(() => reread(own, own.idOf()));
  own.claims = createClaims({
    onTick: (_claim, left) => drawLease(left),
    onWarn: () => notify("Your claim ends soon; press any key or move the pointer to keep it.", { bad: true }),
    onLost({ traceId }, message) {
      notify(message, { bad: true, actions: [["Claim again", () => void claim(own, traceId)]] });
      if (own.idOf() === traceId) void own.reread();
    },
  });
  return {
    state: own.state,
    draw: (detail) => draw(own, detail),
    claim: (traceId) => claim(own, traceId),
    undo: (traceId) => undo(own, traceId),
    leave: (nextId) => leave(own, nextId),
    check: () => check(own),
    toggleClaim() {
      const { item } = own.state.detail;
      if (item === null) return;
      if (own.claims.of(own.idOf()) !== undefined) void release(own);
      else if (item.state === "waiting") void claim(own, own.idOf());
    },
    choose,
  };
}

/** Draws an item; the same item drawn again keeps the focus. Returns whether it is the same. */
function draw(own, detail) {
  const { state, claims, parts } = own;
  const again = own.idOf() === detail.trace.head.id && state.view !== undefined;
  const waiting = mayCome(detail);
  state.detail = detail;
  const form = formOf(own, detail);
  const id = detail.trace.head.id;
  const remove = parts.session().role === "lead" ? deleteButton(id, () => drawGone(own, id)) : undefined;
  state.view = itemView(detail, { form, waiting, remove, addNote: (text) => addNote(own, text) });
  const put = () => find("main").replaceChildren(backLink(own), ...state.view.nodes);
  if (again) keepFocus(find("main"), put);
  else put();
  const held = claims.of(own.idOf());
  if (held !== undefined) drawLease(held.leaseUntil - now());
  clearTimeout(state.looks);
  if (waiting) look(own, own.idOf(), 0);
  return again;
}

const backLink = ({ parts }) => element("a", { class: "back", href: parts.desk().listHash() }, "← All items");

async function reread(own, traceId) {
  try {
    draw(own, await getItem(traceId));
  } catch (error) {
    if (error.code !== "not_found") throw error;
    drawGone(own, traceId);
  }
}

/** Someone may have deleted what is open here: it does not stay on the screen. */
async function check(own) {
  const traceId = own.idOf();
  if (traceId === undefined) return;
  const found = await getRequest(traceId).catch(() => undefined);
  if (found?.runs[0]?.record === "deleted" && own.idOf() === traceId) drawGone(own, traceId);
}

/** In the place of a trace that is no more. */
function drawGone(own, traceId) {
  const { state, claims, parts } = own;
  if (claims.of(traceId) !== undefined) claims.forget();
  own.drafts.delete(traceId);
  clearTimeout(state.looks);
  if (own.idOf() === traceId) Object.assign(state, { detail: undefined, view: undefined });
  const said = element("p", {}, "This trace is deleted: ", element("code", {}, traceId), ".");
  find("main").replaceChildren(
    backLink(own),
    element("div", { class: "panel gone", role: "status" }, said, auditLink(traceId)),
  );
  find("main").focus({ preventScroll: true });
  parts.desk().changed();
}

/** A trace that joined another's item: what is said there, and whether it is said of this one. */
function joinedView({ item, joined, decisions }) {
  const link = element("a", { href: itemHash(item.traceId) }, "to the item");
  const last = decisions.at(-1);
  const said = item.state === "decided" && last !== undefined ? `The verdict on that item: ${words(last.verdict)}` : "";
  if (joined === "flood")
    return element(
      "p",
      { class: "panel" },
      "More was flagged than may become items, so this trace joined one with another text: ",
      link,
      ". ",
      said === "" ? "" : `${said}. `,
      "It says nothing about this trace, which stays without a verdict.",
    );
  return element(
    "p",
    { class: "panel" },
    "This trace says the same as one that was flagged before and joined it: ",
    link,
    said === "" ? ", where the verdict is given." : `. ${said}, which counts for this trace, too.`,
  );
}

function formOf(own, detail) {
  const { item, trace, hidden, decisions } = detail;
  const id = trace.head.id;
  if (item === null) return element("p", { class: "panel hint" }, "This trace is not in the queue.");
  if (item.traceId !== id) return joinedView(detail);
  const session = own.parts.session();
  const last = decisions.at(-1);
  const undoable =
    last !== undefined &&
    last.verdict !== "withdrawn" &&
    (last.reviewer === session.reviewer || session.role === "lead");
  const view = { item, session, hidden, undoable, lease: own.claims.of(id), draft: own.drafts.get(id) ?? EMPTY };
  return verdictForm(view, {
    decide: (verdict, note) => decide(own, verdict, note),
    release: () => release(own),
    claim: () => claim(own, id),
    undo: () => undo(own, id),
    revive: () =>
      attempt(async () => {
        await postRevive(id);
        own.parts.desk().changed();
        await own.reread();
      }),
    changed: (draft) => own.drafts.set(id, draft),
  });
}

async function addNote(own, text) {
  const kept = await attempt(async () => {
    await postNote(own.state.detail.item.traceId, text);
    return true;
  });
  if (kept) await own.reread();
  return kept === true;
}

/** Looks for the re-read again and again, a little later each time; it is put in its place without drawing the rest anew. */
function look(own, traceId, turn) {
  const { state } = own;
  if (LOOKS_MS[turn] === undefined) {
    state.view.setEvidence(null, false);
    return;
  }
  state.looks = setTimeout(() => void lookOnce(own, traceId, turn), LOOKS_MS[turn]);
}

async function lookOnce(own, traceId, turn) {
  const { state } = own;
  const detail = await getItem(traceId).catch(() => undefined);
  if (own.idOf() !== traceId) return;
  if (detail?.enrichment) {
    state.detail = { ...state.detail, enrichment: detail.enrichment };
    state.view.setEvidence(detail.enrichment, false);
    announce("The re-read is there.");
  } else look(own, traceId, turn + 1);
}

/** Another page or item comes: a claim on what is left goes back. */
async function leave({ claims, parts, state }, nextId) {
  clearTimeout(state.looks);
  const held = claims.current();
  if (held !== undefined && held.traceId !== nextId) {
    await attempt(() => claims.release());
    parts.desk().changed();
  }
  if (nextId === undefined) Object.assign(state, { detail: undefined, view: undefined });
}

function choose(index) {
  const choice = document.querySelectorAll("form.verdict input[name=verdict]")[index];
  if (choice === undefined || choice.matches(":disabled")) return false;
  choice.checked = true;
  choice.dispatchEvent(new Event("input", { bubbles: true }));
  // Enter on a radio button submits the form, so the focus goes there.
  choice.focus({ preventScroll: true });
  return true;
}

/** A re-read is made of young traces; an old one without it gets none any more. */
const mayCome = ({ enrichment, hidden, item, trace }) =>
  !hidden &&
  item !== null &&
  (enrichment === null || enrichment === undefined) &&
  now() - trace.head.createdAt < YOUNG_MS;

function drawLease(left) {
  const lease = find("lease");
  if (lease === null) return;
  lease.textContent = `yours for ${clockText(left)}`;
  lease.classList.toggle("short", left < 60_000);
}
