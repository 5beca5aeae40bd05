import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Every form in which a text could lie somewhere: as it is, in other cases and encodings, and the longer halves of it. */
export function formsOf(mark: string): string[] {
  const middle = Math.ceil(mark.length / 2);
  const texts = [mark, mark.slice(0, middle), mark.slice(-middle)];
  const cased = [...texts, ...texts.map((text) => text.toLowerCase()), ...texts.map((text) => text.toUpperCase())];
  const encoded = [...texts, mark.toLowerCase()].flatMap((text) => [
    Buffer.from(text).toString("hex"),
    ...base64Of(text),
    encodeURIComponent(text),
    Buffer.from(text, "utf16le").toString("latin1"),
  ]);
  return [...new Set([...cased, ...encoded])];
}

/** At the three places that a text can have in base64, without the characters that its neighbours decide. */
function base64Of(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(" ".repeat(shift) + text)
      .toString("base64")
      .replaceAll("=", "");
    const whole = Math.floor(((shift + text.length) * 8) / 6);
    return encoded.slice(Math.ceil((shift * 8) / 6), whole);
  });
}

/** Where a form is found, as `place: form`. `places` are named contents, read as bytes. */
export function findForms(mark: string, places: ReadonlyMap<string, string>): string[] {
  const forms = formsOf(mark);
  return [...places].flatMap(([place, content]) =>
    forms.filter((form) => content.includes(form) || place.includes(form)).map((form) => `${place}: ${form}`),
  );
}

/** Every file below a folder that changed since a moment, by path, as bytes. */
export function filesBelow(folder: string, since = 0): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.filter((path) => statSync(path).mtimeMs >= since).map((path) => [path, readFileSync(path, "latin1")]),
  );
}
