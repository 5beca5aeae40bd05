import { expect, test } from "vitest";
import { escapeHtml, type Markup, markup, written } from "../../src/evaluation/markup.ts";

test("what is put into a template is escaped, in an element and in an attribute", () => {
  const text = `<b title="x">&amp; 'y' \`z\`</b>`;
  expect(String(markup`<p title="${text}">${text}</p>`)).toBe(`<p title="${escapeHtml(text)}">${escapeHtml(text)}</p>`);
  expect(escapeHtml(text)).toBe("&lt;b title=&quot;x&quot;&gt;&amp;amp; &#39;y&#39; &#96;z&#96;&lt;/b&gt;");
});

test("markup in markup stays, lists of it are joined, numbers are written", () => {
  const items = [1, 2].map((item) => markup`<li>${item}</li>`);
  expect(String(markup`<ul>${items}</ul>${""}`)).toBe("<ul><li>1</li><li>2</li></ul>");
});

test("plain data never passes for markup, whatever fields and methods it has", () => {
  const forged = { text: "<b>", toString: () => "<b>" } as unknown as Markup;
  expect(String(markup`${forged}${[forged]}`)).toBe("&lt;b&gt;&lt;b&gt;");
});

test("characters that hide or move text are written out as marks", () => {
  expect(String(written(" \u202ea\n"))).toBe(
    '<bdi><span class="mark">␣</span><span class="mark">⟨U+202E⟩</span>a<span class="mark">↵</span></bdi>',
  );
  expect(String(written("a\nb", true))).toBe("<bdi>a\nb</bdi>");
  expect(escapeHtml("\u0000")).toBe("⟨U+0000⟩");
});
