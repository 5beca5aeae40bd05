import { createBrake, type Brake } from "./brake.ts";
import { startCanaries } from "./canaries.ts";
import type { CanaryRounds } from "./canary-rounds.ts";
import type { Running } from "./running.ts";

/** What watches over oversight itself, and what holds it back. */
export interface Assurance {
  readonly canaries: CanaryRounds;
  readonly brake: Brake;
  close(): void;
}

/** Starts canaries and brake. The first canary comes a few seconds later, and needs a generation that serves. */
export function startAssurance(parts: Pick<Running, "serving" | "model" | "records" | "log">): Assurance {
  const { records, log } = parts;
  const canaries = startCanaries(parts);
  const brake = createBrake({ store: records.local.overrides, audit: records.audit, log });
  return {
    canaries,
    brake,
    close() {
      canaries.close();
      brake.close();
    },
  };
}
