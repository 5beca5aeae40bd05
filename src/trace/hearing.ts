import type { Settings } from "./settings.ts";
import type { Heard } from "./shared-news.ts";

/** What is heard, what becomes of it, and where this state folder keeps how far it has heard. */
export interface HearingOptions<Item> {
  readonly settings: Settings;
  /** Of the setting with the place. */
  readonly name: string;
  readonly hear: (since: number) => Promise<Heard<Item>>;
  /** Takes what was heard, some of it not for the first time; says whether anything was new. */
  readonly take: (items: readonly Item[], epoch: string) => Promise<boolean>;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** What is told while the clock stands is heard twice rather than never. */
const OVERLAP_MS = 5_000;
const KEPT_EVERY_MS = 600_000;

/** Hears on from where the last call ended; of another state of Redis, everything. What could not be taken is heard again. */
export function createHearing<Item>(options: HearingOptions<Item>): (epoch: string) => Promise<void> {
  const { settings, name, hear, take, clock = Date.now } = options;
  let [heardOf, since, keptAt] = ["", 0, Number.NEGATIVE_INFINITY];

  /** Not at every look, since that is a write to disk: what is heard twice does no harm. */
  function keep(epoch: string, next: number, isNews: boolean): void {
    [heardOf, since] = [epoch, Math.max(0, next - OVERLAP_MS)];
    if (!isNews && clock() - keptAt < KEPT_EVERY_MS) return;
    settings.set(name, `${epoch} ${since}`);
    keptAt = clock();
  }
  return async (epoch) => {
    if (heardOf !== epoch) {
      const [knownEpoch, known] = settings.get(name)?.split(" ") ?? [];
      since = knownEpoch === epoch ? Number(known) : 0;
    }
    const { items, next } = await hear(since);
    keep(epoch, next, await take(items, epoch));
  };
}
