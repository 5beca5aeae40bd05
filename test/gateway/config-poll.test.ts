import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint, startConfigPoll } from "../../src/gateway/config-poll.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { until } from "../support/wire-reply.ts";

/** A poll of a text that a test writes. */
function setUp(known?: string) {
  const state = { text: "a", changes: 0, looks: 0, pollMs: 4, coming: [] as string[] };
  const poll = startConfigPoll({
    watched: () => ({ files: [], folder: "" }),
    pollMs: () => state.pollMs,
    onChange: () => (state.changes += 1),
    look: async () => {
      state.looks += 1;
      return state.coming.shift() ?? state.text;
    },
    ...(known === undefined ? {} : { known }),
  });
  onTestFinished(() => poll.close());
  const looked = async (times: number) => {
    const from = state.looks;
    await until(() => state.looks >= from + times);
  };
  return { poll, state, looked };
}

describe("polling", () => {
  test("tells of a change once, when it stood still for a look", async () => {
    const { state, looked } = setUp();
    await looked(3);
    expect(state.changes).toBe(0);
    state.text = "b";
    await until(() => state.changes === 1);
    await looked(5);
    expect(state.changes).toBe(1);
  });

  test("does not tell while a file is still being written, nor of what was put back", async () => {
    const { state, looked } = setUp();
    await looked(2);
    state.coming = ["h", "ha", "hal", "half"];
    await looked(8);
    expect(state.changes).toBe(0);
  });

  test("tells of what changed before it began, and of nothing that is known", async () => {
    const { state, looked, poll } = setUp("before");
    await until(() => state.changes === 1);
    state.text = "c";
    await poll.settle();
    await looked(4);
    expect(state.changes).toBe(1);
  });

  test("looks as often as the configuration says from then on, and never again once it is closed", async () => {
    const { state, looked, poll } = setUp();
    await looked(2);
    state.pollMs = 0;
    poll.restart();
    const { looks } = state;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(state.looks).toBeLessThanOrEqual(looks + 1);
    state.pollMs = 3;
    poll.restart();
    await looked(2);
    poll.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const end = state.looks;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(state.looks).toBe(end);
  });
});

describe("what a look sees", () => {
  function files() {
    const root = temporaryFolder();
    const folder = join(root, "detectors");
    mkdirSync(join(folder, "probes"), { recursive: true });
    const file = join(root, "gateway.yaml");
    writeFileSync(file, "a: 1");
    writeFileSync(join(folder, "one.yaml"), "b: 2");
    return { root, folder, file, look: () => fingerprint({ files: [file], folder }) };
  }

  test("is the same while nothing changes, also beside files that begin with a dot", async () => {
    const { folder, look } = files();
    const before = await look();
    expect(before.split("\n")).toHaveLength(2);
    writeFileSync(join(folder, ".one.yaml.new"), "half");
    expect(await look()).toBe(before);
  });

  test.each<[string, (parts: ReturnType<typeof files>) => void]>([
    ["a file written in place", ({ file }) => writeFileSync(file, "a: 2222")],
    ["a file touched", ({ file }) => utimesSync(file, 5, 5)],
    [
      "a file replaced under its name",
      ({ root, file }) => {
        writeFileSync(join(root, "next"), "a: 2");
        renameSync(join(root, "next"), file);
      },
    ],
    ["a file that is gone", ({ file }) => rmSync(file)],
    ["a new definition", ({ folder }) => writeFileSync(join(folder, "two.yaml"), "")],
    ["a file below", ({ folder }) => writeFileSync(join(folder, "probes", "p.safetensors"), "x")],
    ["a folder that is gone", ({ folder }) => rmSync(folder, { recursive: true })],
  ])("differs after %s", async (_what, change) => {
    const parts = files();
    const before = await parts.look();
    change(parts);
    expect(await parts.look()).not.toBe(before);
  });

  test("follows links: a mounted folder is swapped by one, and circles end", async () => {
    const { root, folder, look } = files();
    mkdirSync(join(root, "v1"));
    mkdirSync(join(root, "v2"));
    writeFileSync(join(root, "v1", "x.yaml"), "1");
    writeFileSync(join(root, "v2", "x.yaml"), "2");
    symlinkSync(join(root, "v1"), join(root, "..data"));
    symlinkSync(join(root, "..data", "x.yaml"), join(folder, "x.yaml"));
    symlinkSync(folder, join(folder, "circle"));
    const before = await look();
    symlinkSync(join(root, "v2"), join(root, "..next"));
    renameSync(join(root, "..next"), join(root, "..data"));
    expect(await look()).not.toBe(before);
  });
});
