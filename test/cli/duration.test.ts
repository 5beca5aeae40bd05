import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/cli/duration.ts";

const parse = parseDuration("--for", 60_000, 7 * 86_400_000);

it("takes minutes, hours and days", () => {
  expect(["1m", "90m", "2h", "7d"].map(parse)).toEqual([60_000, 5_400_000, 7_200_000, 604_800_000]);
});

it.each(["", "2", "h", "2 h", "-2h", "1.5h", "2w", "0m", "8d", "10081m", "1e3m", "99999999999h"])(
  "refuses %j with the bounds",
  (text) => {
    expect(() => parse(text)).toThrow("--for takes a time like 30m, 2h or 1d, from 1m to 7d.");
  },
);

it("tells a time in whole minutes", () => {
  const shown = [0, -5, 59_999, 60_000, 5_400_000, 90_000_000].map(formatDuration);
  expect(shown).toEqual(["0m", "0m", "0m", "1m", "1h 30m", "1d 1h"]);
});
