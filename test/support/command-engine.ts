import { afterAll, beforeAll } from "vitest";
import { openCommandEngine, type CommandEngine } from "../../src/cli/command-engine.ts";
import type { writeLiveConfig } from "./live-gateway.ts";

/** Opens the engine of a configuration, observing, before the first test of a file; closes it and takes the configuration away after the last. */
export function useCommandEngine(
  { path, remove }: Pick<ReturnType<typeof writeLiveConfig>, "path" | "remove">,
  onOpen: (command: CommandEngine) => void,
): void {
  let command: CommandEngine;
  beforeAll(async () => {
    command = await openCommandEngine({ config: path, action: "observe" });
    onOpen(command);
  });
  afterAll(async () => {
    await command.engine.close();
    remove();
  });
}
