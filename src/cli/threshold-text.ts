import type { Calibration } from "../detect/calibration.ts";
import type { LoadedDetector } from "../detect/loader.ts";

/** `threshold 1`, or `flag 1, abort 2` where the two differ. */
export function formatThresholds({
  threshold,
  abortThreshold,
}: Pick<LoadedDetector, "threshold" | "abortThreshold">): string {
  return threshold === abortThreshold ? `threshold ${threshold}` : `flag ${threshold}, abort ${abortThreshold}`;
}

/** What a calibration claims of false alarms, and what was seen. */
export function formatClaim(calibration: Calibration): string {
  if (calibration.status === "uncalibrated") return "uncalibrated";
  const { false_alarm_rate: rate, alarms, replies, upper_bound: bound } = calibration;
  const seen = [
    ...(alarms === undefined || replies === undefined ? [] : [`${alarms} of ${replies} replies`]),
    ...(bound === undefined ? [] : [`at most ${bound}`]),
  ];
  return `calibrated, false alarms ${rate}${seen.length === 0 ? "" : ` (${seen.join(", ")})`}`;
}
