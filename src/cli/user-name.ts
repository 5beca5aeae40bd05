import { userInfo } from "node:os";

/** Who sits at this terminal; `unnamed` where the user has no name, as in some containers. */
export function userName(unnamed = "", read: () => { readonly username: string } = userInfo): string {
  try {
    return read().username;
  } catch {
    return unnamed;
  }
}
