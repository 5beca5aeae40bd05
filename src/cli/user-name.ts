import { userInfo } from "node:os";

/** Name of the user of this terminal; `fallback` where it has none, as in some containers. */
export function userName(fallback = ""): string {
  try {
    return userInfo().username || fallback;
  } catch {
    return fallback;
  }
}
