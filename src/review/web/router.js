/** The pages behind `#/…`, by their first part. The empty one is the queue. */
export const PAGES = ["", "item", "find", "statistics", "thresholds", "overrides", "audit"];

/** `#/item/tr_…?a=b` → `{page, id, query}`; what is not known is the queue. */
export function parseHash(hash) {
  if (/^#tr_[0-9a-f]{32}$/.test(hash)) return { page: "item", id: hash.slice(1), query: {} };
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/");
  const id = page === "find" ? decoded(rest.join("/")) : (rest[0] ?? "");
  const query = Object.fromEntries(new URLSearchParams(search));
  if (page === "item") return /^tr_[0-9a-f]{32}$/.test(id) ? { page, id, query } : { page: "", id: "", query: {} };
  if (page === "find") return { page, id, query };
  return PAGES.includes(page) ? { page, id: "", query } : { page: "", id: "", query: {} };
}

/** What was typed by hand may be no encoding. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The other way round. */
export function formatHash(page, id = "", query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "" && value !== null);
  const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
  return `#/${page}${id === "" ? "" : `/${encodeURIComponent(id)}`}${search}`;
}

export const itemHash = (traceId) => formatHash("item", traceId);
