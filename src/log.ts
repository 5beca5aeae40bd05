import { pino, type Logger as PinoLogger } from "pino";

/** A structured logger. Prompt and reply text are never logged. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error">;

/** JSON lines on stderr; `LENSGATE_LOG_LEVEL` sets the level (default `info`). */
export function createLogger(level: string = process.env["LENSGATE_LOG_LEVEL"] ?? "info"): Logger {
  return pino({ name: "lensgate", level }, pino.destination(2));
}
