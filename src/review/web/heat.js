/** 0 where the colour is faintest, 1 where it is strongest. */
export function heatOf(score, { low, high }) {
  if (score === null || score === undefined) return 0;
  return high > low ? Math.min(1, Math.max(0, (score - low) / (high - low))) : 0;
}

export const reaches = (score, threshold) =>
  score !== null && score !== undefined && threshold !== null && threshold !== undefined && score >= threshold;

/** Live scores of one detector over every strip of a trace: `{scores: Map(position → score), low, high, threshold}`. */
export function liveScores(firings, detector) {
  const merged = { scores: new Map(), low: 0, high: 1, threshold: null };
  for (const { strip } of firings) {
    const row = strip.rows.find((one) => one.detector === detector);
    if (row === undefined) continue;
    if (merged.scores.size === 0) Object.assign(merged, { low: row.low, high: row.high, threshold: row.threshold });
    merged.low = Math.min(merged.low, row.low);
    for (const [index, { position }] of strip.positions.entries()) {
      const score = row.scores[index] ?? null;
      if (score !== null) merged.scores.set(position, score);
    }
  }
  return merged;
}

/** Detectors with live scores, the firing ones first. */
export function scoredDetectors(firings) {
  const fired = firings.map(({ detector }) => detector);
  const rows = firings.flatMap(({ strip }) =>
    strip.rows.filter(({ scores }) => scores.some((score) => score !== null)),
  );
  const known = new Set(rows.map(({ detector }) => detector));
  return [...new Set([...fired, ...known])].filter((detector) => known.has(detector));
}
