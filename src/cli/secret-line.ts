import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** One line of an input; a terminal shows nothing of it, and gets a prompt. Empty when there is none. */
export async function readSecretLine(
  input: NodeJS.ReadableStream,
  say: (prompt: string) => void,
  prompt = "password: ",
): Promise<string> {
  const terminal = "isTTY" in input && input.isTTY === true;
  if (terminal) say(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    if (terminal) say("\n");
  }
}
