import type { Command } from "commander";
import { GatewayError } from "../errors.ts";
import { NOTHING_FOUND } from "../review/request-finder.ts";
import { check, SCHEMAS } from "../review/requests.ts";
import { formatRuns } from "../review/terminal.ts";
import { visibleJson } from "../visible-text.ts";
import { guard } from "./command-guard.ts";
import { addRecordOptions, withRecords, type CommonOptions } from "./review.ts";

/** Adds `lensgate find <id>`, which looks in the state folder of this machine and in the queue that the configuration names, gateway running or not. */
export function registerFind(program: Command): void {
  const added = program
    .command("find <id>")
    .description("find what became of a request, flagged or not, by its id or by that of its trace");
  addRecordOptions(added).action((id: string, options: CommonOptions, command: Command) =>
    guard(command, () => find(id, options)),
  );
}

function find(given: string, options: CommonOptions): Promise<string> {
  const { id } = check(SCHEMAS.request, { id: given });
  return withRecords(options, async ({ finder }) => {
    const found = await finder.find(id);
    if (found.runs.length === 0) throw new GatewayError("not_found", `${id}: ${NOTHING_FOUND}`);
    return options.json ? visibleJson(found) : formatRuns(found);
  });
}
