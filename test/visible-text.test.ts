import { expect, test } from "vitest";
import { visibleJson, visiblePieces, visibleText } from "../src/visible-text.ts";
import { AWKWARD_TEXT } from "./conformance/samples.ts";

/** The browser's copy is plain JavaScript, outside of the compiled sources. */
const browser = (await import(new URL("../src/review/web/visible-text.js", import.meta.url).href)) as {
  readonly visiblePieces: typeof visiblePieces;
  readonly visibleText: typeof visibleText;
};

test("characters that drive a terminal, hide or reorder text are written out", () => {
  const unseen = {
    "\u0000": "0000",
    "\u001b": "001B",
    "\r": "000D",
    "\u007f": "007F",
    "\u009b": "009B",
    "\u202e": "202E",
    "\u2066": "2066",
    "\u200f": "200F",
  };
  const more = {
    "\u200b": "200B",
    "\u00ad": "00AD",
    "\u00a0": "00A0",
    "\u2028": "2028",
    "\ud800": "D800",
    "\u{e0041}": "E0041",
    "\ufe0f": "FE0F",
    "\u3164": "3164",
  };
  for (const [character, code] of Object.entries({ ...unseen, ...more })) {
    expect(visibleText(`a${character}b`)).toBe(`a⟨U+${code}⟩b`);
  }
});

test("ordinary text in any script stays as it is", () => {
  for (const text of ["Hello, world", "日本語", "مرحبا", "naïve – “quoted”", "😀", "x\n\ty"])
    expect(visibleText(text)).toBe(text);
});

test("on a single line, line feeds, tabs and spaces at the ends are marked", () => {
  expect(visibleText(" Japan", true)).toBe("␣Japan");
  expect(visibleText("a b\n\tc ", true)).toBe("a b↵⇥c␣");
  expect(visiblePieces(" a", true)).toEqual([
    { text: "␣", mark: true },
    { text: "a", mark: false },
  ]);
});

test("the browser's copy says the same of every character", () => {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const text = String.fromCodePoint(code);
    for (const singleLine of [false, true]) {
      if (browser.visibleText(text, singleLine) !== visibleText(text, singleLine))
        expect(code.toString(16)).toBe("the same");
    }
  }
  expect(browser.visiblePieces(` ${AWKWARD_TEXT}\n`, true)).toEqual(visiblePieces(` ${AWKWARD_TEXT}\n`, true));
});

test("JSON keeps the value and holds no raw control, bidi or hidden character", () => {
  const value = { text: `${AWKWARD_TEXT}\u001b[2J\u009b\u{e0041}`, list: [1, null] };
  const json = visibleJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(visibleText(json)).toBe(json);
});
