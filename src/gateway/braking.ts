import { everyScoredName } from "../decide/policy.ts";
import type { Braking } from "../review/desk.ts";
import { endOverrides, setOverride } from "../review/overriding.ts";
import type { Running } from "./running.ts";

/** What sets and ends overrides for the console: in force for the next request, and told to the other gateways. */
export function createBraking({
  records,
  assurance,
  serving,
}: Pick<Running, "records" | "assurance" | "serving">): Braking {
  const { local, audit, pump } = records;
  const parts = { store: local.overrides, audit };
  const names = () => everyScoredName(serving.definitions.config.policies);
  function spread(): void {
    assurance.brake.look();
    pump.wake();
  }
  return {
    names,
    async set(wish) {
      const made = await setOverride({ ...parts, names: names() }, wish);
      spread();
      return made;
    },
    async end(id, reviewer) {
      const [ended] = await endOverrides(parts, { isMeant: (each) => each.id === id, reviewer });
      spread();
      return ended;
    },
  };
}
