// What reloads cost under load: time from a changed file to the metric, and memory.
//
//   npx tsx bench/reload.ts [--reloads 100] [--clients 4]
//   MALLOC_MMAP_THRESHOLD_=1048576 npx tsx bench/reload.ts       large blocks of an earlier engine go back to the system
import { parseArgs } from "node:util";
import { estimate, formatEstimate } from "../src/cli/statistics.ts";
import { runReloadCampaign } from "../test/support/reload-campaign.ts";

const { values } = parseArgs({
  options: { reloads: { type: "string", default: "100" }, clients: { type: "string", default: "4" } },
});
const report = await runReloadCampaign({ reloads: Number(values.reloads), clients: Number(values.clients) });
const { loaded, heavy, refused, requests, failed, residentMb } = report;
const lines = [
  `${loaded} loaded (${heavy} with a second engine), ${refused} refused; ${failed.length} of ${requests} requests failed`,
  `from the file to the metric: light ${formatEstimate(estimate(report.lightMs), 0)} ms, heavy ${formatEstimate(estimate(report.heavyMs), 0)} ms`,
  `resident memory ${residentMb[0]} MB before, ${residentMb[1]} MB after`,
  ...failed.slice(0, 10),
];
process.stdout.write(`${lines.join("\n")}\n`);
