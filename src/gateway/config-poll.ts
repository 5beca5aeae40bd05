import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Where the files of a configuration are. */
export interface WatchedFiles {
  readonly files: readonly string[];
  /** Everything below it counts but what begins with a dot. */
  readonly folder: string;
}

/** Looks at files now and then. */
export interface ConfigPoll {
  /** What stands there now is known: only what comes later is a change. */
  settle(): Promise<void>;
  /** Looks at what `watched` and `pollMs` say from now on. */
  restart(): void;
  close(): void;
}

export interface ConfigPollParts {
  readonly watched: () => WatchedFiles;
  /** Milliseconds between looks; 0: none. */
  readonly pollMs: () => number;
  /** Called once for a change, when a second look finds the same as the first: what is being written is not read. */
  readonly onChange: () => void;
  /** Text that differs where the files do; a test's own. */
  readonly look?: (watched: WatchedFiles) => Promise<string>;
  /** What a look found before the configuration was read that serves. */
  readonly known?: string;
}

/**
 * Compares path, inode, size and time of files (about 20 `stat`s). Notifications of the kernel do not come from network drives and
 * bind mounts, and lose a file that is replaced under its name.
 */
export function startConfigPoll(parts: ConfigPollParts): ConfigPoll {
  const { watched, pollMs, onChange, look = fingerprint } = parts;
  let { known } = parts;
  let seen = known;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function check(): Promise<void> {
    const now = await look(watched());
    // Without a first one there is nothing to compare with.
    if (known === undefined) known = now;
    else if (now !== known && now === seen) {
      known = now;
      if (!closed) onChange();
    }
    seen = now;
  }
  function schedule(): void {
    clearTimeout(timer);
    if (closed || pollMs() === 0) return;
    timer = setTimeout(() => void check().finally(schedule), pollMs());
    timer.unref();
  }
  schedule();
  return {
    async settle() {
      known = await look(watched());
      seen = known;
    },
    restart: schedule,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

const [DEEPEST, MOST] = [8, 10_000];

/** One line for each file. What cannot be read is a line, too: it may be gone, or come back. */
export async function fingerprint({ files, folder }: WatchedFiles): Promise<string> {
  const lines: string[] = [];
  for (const file of files) await describe(file, lines, DEEPEST);
  await describe(folder, lines, 0);
  return lines.join("\n");
}

/** Follows links, since a mounted ConfigMap is swapped by one; the depth ends what goes in circles. */
async function describe(path: string, lines: string[], depth: number): Promise<void> {
  try {
    const facts = await stat(path);
    if (!facts.isDirectory()) {
      const { ino, size, mtimeMs, ctimeMs } = facts;
      lines.push(`${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`);
      return;
    }
    if (depth >= DEEPEST) return;
    for (const name of (await readdir(path)).sort()) {
      if (!name.startsWith(".") && lines.length < MOST) await describe(join(path, name), lines, depth + 1);
    }
  } catch (error) {
    lines.push(`${path} ${error instanceof Error && "code" in error ? String(error.code) : "?"}`);
  }
}
