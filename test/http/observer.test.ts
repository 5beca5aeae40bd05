import { expect, test } from "vitest";
import { guardObserver } from "../../src/http/observer.ts";
import { notingLog, notingObserver } from "./noting-observer.ts";

test("a guarded observer is told everything", () => {
  const noted = notingObserver();
  const { log, lines } = notingLog();
  const guarded = guardObserver(noted.observer, log);
  guarded.requestStarted();
  guarded.authDecided({ result: "deny", reason: "missing" });
  guarded.rejected("overloaded");
  expect([noted.started(), noted.decisions, noted.rejections]).toEqual([
    1,
    [{ result: "deny", reason: "missing" }],
    ["overloaded"],
  ]);
  expect(lines).toEqual([]);
});

test("one that throws is logged once and never throws at the caller", () => {
  const { log, lines } = notingLog();
  const broken = () => {
    throw new Error("full");
  };
  const guarded = guardObserver(
    { requestStarted: broken, requestEnded: broken, runEnded: broken, authDecided: broken, rejected: broken },
    log,
  );
  guarded.requestStarted();
  guarded.rejected("overloaded");
  expect(lines.map(({ level }) => level)).toEqual(["error"]);
});
