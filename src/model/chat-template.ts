import { Template } from "@huggingface/jinja";
import { GatewayError } from "../errors.ts";

/** One message of a conversation. */
export interface ChatTurn {
  readonly role: string;
  readonly content: string;
}

/** Where a turn's content lies in the rendered text, in UTF-16 units. */
export interface ContentSpan {
  readonly start: number;
  readonly end: number;
  /** Index of the turn. */
  readonly turn: number;
}

/** A rendered conversation, ending where the assistant begins to write. */
export interface RenderedChat {
  readonly text: string;
  /** In the order of the text; a turn that the template leaves out, or that is empty, has none. */
  readonly spans: readonly ContentSpan[];
}

/** Texts of the tokens that a template may name; `""` for one that the model lacks. */
export interface TokenNames {
  readonly bos: string;
  readonly eos: string;
}

/** A model's chat template, parsed once. */
export interface ChatTemplate {
  /** Throws `GatewayError` `invalid_request` when the template refuses the messages, `internal_error` when it rewrites content so that its place is lost. */
  render(turns: readonly ChatTurn[], names: TokenNames): RenderedChat;
}

/** Parses the Jinja source; throws an `Error` that names the fault when it is not a template. */
export function createChatTemplate(source: string): ChatTemplate {
  const template = parse(source);

  function run(turns: readonly ChatTurn[], names: TokenNames): string {
    try {
      const messages = turns.map(({ role, content }) => ({ role, content }));
      return template.render({ messages, add_generation_prompt: true, bos_token: names.bos, eos_token: names.eos });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError("invalid_request", `The model's chat template refuses these messages: ${reason}`, {
        param: "messages",
        cause,
      });
    }
  }

  return {
    render(turns, names) {
      const text = run(turns, names);
      const marks = chooseMarks([source, ...turns.map((turn) => turn.role + turn.content)].join(""));
      // A template that trims needs the blanks outside the marks; for any other they are content like the rest.
      for (const edges of ["inside", "outside"] as const) {
        const found = unmark(run(mark(turns, { marks, edges }), names), marks);
        if (found?.text === text) return found;
      }
      throw new GatewayError(
        "internal_error",
        "The model's chat template rewrites message content, so what to judge cannot be told.",
      );
    },
  };
}

function parse(source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `the model's chat template does not parse: ${reason}; take a GGUF with a valid tokenizer.chat_template`,
      { cause },
    );
  }
}

interface Marks {
  readonly open: string;
  readonly close: string;
}

const PRIVATE_USE = { first: 0xe000, last: 0xf8ff };

// Two private-use characters that occur nowhere else.
function chooseMarks(texts: string): Marks {
  const used = new Set<number>();
  for (let index = 0; index < texts.length; index += 1) used.add(texts.charCodeAt(index));
  const free: string[] = [];
  for (let code = PRIVATE_USE.first; code <= PRIVATE_USE.last && free.length < 2; code += 1) {
    if (!used.has(code)) free.push(String.fromCharCode(code));
  }
  const [open, close] = free;
  if (open === undefined || close === undefined) {
    throw new GatewayError("invalid_request", "The messages use every private-use character.", { param: "messages" });
  }
  return { open, close };
}

// "hello" of turn 3 → ⟨open⟩3⟨open⟩hello⟨close⟩
function mark(turns: readonly ChatTurn[], { marks, edges }: { marks: Marks; edges: "inside" | "outside" }): ChatTurn[] {
  return turns.map(({ role, content }, turn) => {
    const core = edges === "inside" ? content : content.trim();
    if (core === "") return { role, content };
    const start = content.indexOf(core);
    const marked = `${marks.open}${turn}${marks.open}${core}${marks.close}`;
    return { role, content: content.slice(0, start) + marked + content.slice(start + core.length) };
  });
}

// Takes the marks out again; undefined when one has lost its partner.
function unmark(marked: string, { open, close }: Marks): RenderedChat | undefined {
  const spans: ContentSpan[] = [];
  let text = "";
  let at = 0;
  for (;;) {
    const from = marked.indexOf(open, at);
    const outside = marked.slice(at, from < 0 ? undefined : from);
    if (outside.includes(close)) return undefined;
    text += outside;
    if (from < 0) return { text, spans };
    const inside = marked.indexOf(open, from + 1);
    const end = marked.indexOf(close, from);
    const content = marked.slice(inside + 1, end);
    if (inside < 0 || end < inside || content.includes(open)) return undefined;
    spans.push({ start: text.length, end: text.length + content.length, turn: Number(marked.slice(from + 1, inside)) });
    text += content;
    at = end + 1;
  }
}
