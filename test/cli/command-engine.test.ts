import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCommandEngine, type CommandEngine } from "../../src/cli/command-engine.ts";
import { runToEnd } from "../../src/engine/run-to-end.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const live = writeLiveConfig({
  detectors: { eager: { at: { prompt: 1 } }, calm: { at: { prompt: 99 } } },
  policies: { strict: { detectors: { eager: { action: "abort" } } } },
});
let command: CommandEngine;

beforeAll(async () => {
  command = await openCommandEngine({ config: live.path, action: "flag", only: ["eager"] });
});
afterAll(async () => {
  await command.engine.close();
  live.remove();
});

describe("the engine of a command", () => {
  it("is ready, and has the named detectors alone", () => {
    expect(command.engine.status()).toMatchObject({ state: "ready", slots: 1 });
    expect(command.detectors.map(({ id }) => id)).toEqual(["eager"]);
  });

  it("flags and goes on where the configuration's own policy would abort", async () => {
    const { ids, judgedAll } = command.model.prompts.encodeText("The capital of Germany is");
    const run = command.engine.read({
      id: "one",
      prompt: ids,
      judged: judgedAll,
      policy: command.policy,
      deadlineMs: 60_000,
      forced: Int32Array.from(command.model.tokenizer.encode(" Berlin")),
    });
    const { end, flags } = await runToEnd(run);
    expect(end.reason).toBe("stop");
    expect(flags.map(({ finding }) => finding.detector)).toEqual(["eager"]);
    expect(end.scores).toMatchObject([{ detector: "eager", fired: true }]);
  });

  it("refuses a detector that is not there, and says which are", async () => {
    const opened = openCommandEngine({ config: live.path, action: "observe", only: ["eager", "clam"] });
    await expect(opened).rejects.toThrow(/^there is no detector "clam" in \S+; there are calm, eager$/);
  });
});
