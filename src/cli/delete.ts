import type { Command } from "commander";
import { GatewayError } from "../errors.ts";
import { check, SCHEMAS } from "../review/requests.ts";
import { visibleJson } from "../visible-text.ts";
import { guard } from "./command-guard.ts";
import { addRecordOptions, withRecords, type CommonOptions } from "./review.ts";
import { userName } from "./user-name.ts";

interface DeleteOptions extends CommonOptions {
  readonly reason: string;
  readonly actor?: string;
}

/** Adds `lensgate delete <id>`, which works on the state folder of this machine and on the queue that the configuration names, gateway running or not. */
export function registerDelete(program: Command): void {
  const added = program
    .command("delete <id>")
    .description("delete the traces of a request, or one trace, with everything that belongs to them")
    .option("--reason <text>", "why, for the audit log", "")
    .option("--actor <name>", "who deletes (default: the user of this terminal)");
  addRecordOptions(added).action((id: string, options: DeleteOptions, command: Command) =>
    guard(command, () => erase(id, options)),
  );
}

function erase(id: string, options: DeleteOptions): Promise<string> {
  const { reviewer: actor } = check(SCHEMAS.actor, { reviewer: options.actor ?? userName() });
  const { reason } = check(SCHEMAS.erasure, { reason: options.reason });
  return withRecords(options, async ({ erasing, pump }) => {
    const traceIds = await erasing.find(id);
    if (traceIds.length === 0) {
      const message = `No trace is kept of ${id}: it was not flagged, is not of this state folder, or is deleted already.`;
      throw new GatewayError("not_found", message);
    }
    for (const traceId of traceIds) await erasing.erase({ traceId, actor, reason });
    const everywhere = await pump.flush();
    if (options.json) return visibleJson({ deleted: traceIds, everywhere });
    const rest = everywhere ? "" : "\nthe queue cannot be reached: the gateway of this folder deletes the copies there";
    return `deleted: ${traceIds.join(", ")}${rest}`;
  });
}
