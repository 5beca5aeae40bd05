// How fast four streams decode while Redis fails, against the same streams before and after, side by side in one run; and
// whether every flagged trace is in the queue in the end.
//
// usage: npx tsx bench/redis-faults.ts [flagged traces a fault, 500] [name of one fault]
import { REDIS_FAULTS, runRedisFault } from "../test/support/redis-campaign.ts";

const [wanted = "500", only] = process.argv.slice(2);
for (const fault of REDIS_FAULTS) {
  if (only !== undefined && fault.name !== only) continue;
  process.stdout.write(`${JSON.stringify(await runRedisFault(fault, Number(wanted)))}\n`);
}
