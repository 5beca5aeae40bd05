/** A queue between a producer that pushes and one consumer that iterates. */
export interface EventChannel<Event> extends AsyncIterable<Event> {
  push(event: Event): void;
  /** Ends the iteration after what was pushed; later pushes are dropped. */
  close(): void;
}

type Result<Event> = IteratorResult<Event, undefined>;

/**
 * `onLeave` is called when the consumer stops before the end: at once, even while it waits for the next event. A new
 * iteration goes on where the last one stopped.
 */
export function createEventChannel<Event>(onLeave: () => void): EventChannel<Event> {
  const events: Event[] = [];
  const readers: ((result: Result<Event>) => void)[] = [];
  let closed = false;

  const hand = (): void => {
    while (readers.length > 0 && (events.length > 0 || closed)) readers.shift()?.(take());
  };
  const take = (): Result<Event> =>
    events.length > 0 ? { done: false, value: events.shift() as Event } : { done: true, value: undefined };
  // A generator would hold `return` back until the event that is awaited comes: too late for a client that left.
  const iterate = (): AsyncIterator<Event, undefined> => ({
    next: () =>
      new Promise((resolve) => {
        readers.push(resolve);
        hand();
      }),
    async return() {
      if (!closed || events.length > 0) onLeave();
      for (const resolve of readers.splice(0)) resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
  });
  return {
    push(event) {
      if (closed) return;
      events.push(event);
      hand();
    },
    close() {
      closed = true;
      hand();
    },
    [Symbol.asyncIterator]: iterate,
  };
}
