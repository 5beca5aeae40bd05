import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";

/** A structured logger. Prompt and reply text are never logged. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error">;

/** JSON lines on stderr; `LENSGATE_LOG_LEVEL` sets the level (default `info`). Throws an `Error` for an unknown level. */
export function createLogger(
  level: string = process.env["LENSGATE_LOG_LEVEL"] ?? "info",
  destination?: DestinationStream,
): Logger {
  const levels = [...Object.keys(pino.levels.values), "silent"];
  if (!levels.includes(level)) {
    throw new Error(`"${level}" is not a log level; set LENSGATE_LOG_LEVEL to one of ${levels.join(", ")}`);
  }
  return pino({ name: "lensgate", level }, destination ?? pino.destination(2));
}
