/**
 * The position (and tap) that is looked at, one for all views of an item: pointing at a token shows it in the strips, the
 * picture and the tables. A pinned cursor stays where it is until it is moved by a click, a key, or freed.
 */
export function createCursor() {
  const listeners = new Set();
  const at = { position: null, tap: null, pinned: false };
  const tell = () => {
    for (const listener of listeners) listener(at);
  };
  const set = (changes) => {
    Object.assign(at, changes);
    tell();
  };
  return {
    at,
    /** Follows the pointer, unless pinned. */
    point(position, tap = null) {
      if (at.pinned || (at.position === position && at.tap === tap)) return;
      set({ position, tap });
    },
    leave() {
      if (!at.pinned) set({ position: null, tap: null });
    },
    /** Moves by key or click, pinned or not. */
    move(position, tap = at.tap) {
      set({ position, tap });
    },
    pin(position, tap = null) {
      const same = at.pinned && at.position === position && at.tap === tap;
      set({ position, tap, pinned: !same });
    },
    free() {
      set({ position: null, tap: null, pinned: false });
    },
    subscribe(listener) {
      listeners.add(listener);
      listener(at);
    },
  };
}
