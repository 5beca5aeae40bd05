/** Where progress goes: standard error, or what stands in for it. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Reports how far a task is: a line that rewrites itself on a terminal, one line every tenth elsewhere. */
export function createProgress(
  label: string,
  stream: ProgressStream = process.stderr,
): (done: number, total: number) => void {
  let tenth = -1;
  return (done, total) => {
    const share = total === 0 ? 1 : done / total;
    const width = 30;
    const filled = Math.round(share * width);
    const bar = `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
    if (stream.isTTY) {
      stream.write(`\r${label} ${bar} ${Math.floor(100 * share)} %${done >= total ? "\n" : ""}`);
      return;
    }
    const now = Math.floor(10 * share);
    if (now !== tenth) stream.write(`${label} ${Math.floor(100 * share)} %\n`);
    tenth = now;
  };
}
