import { expect, test } from "vitest";
import { markup } from "../../src/evaluation/markup.ts";
import { facts, figure, renderPage, table } from "../../src/evaluation/page.ts";

test("a page allows no script and no request, and escapes its title", () => {
  const page = renderPage({
    title: "</title><script>1</script>",
    head: markup`<p>head</p>`,
    body: markup`<p>body</p>`,
  });
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n/);
  expect(page).toContain(
    `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:">`,
  );
  expect(page).not.toContain("<script");
  expect(page.match(/<\/title>/g)).toHaveLength(1);
  expect(page).toContain("<p>head</p>");
  expect(page).toContain("<p>body</p>");
});

test("a table has a caption, headings of rows and columns, and scrolls in a box that the keyboard reaches", () => {
  const html = String(
    table({
      caption: "Some <rows>",
      columns: [{ head: "Tier" }, { head: "Recall at 0.1 % false alarms", numeric: true }],
      rows: [[markup`easy`, markup`90 %`]],
    }),
  );
  expect(html).toContain('<div class="scroll" role="region" tabindex="0" aria-label="Some &lt;rows&gt;">');
  expect(html).toContain("<caption>Some &lt;rows&gt;</caption>");
  expect(html).toContain('<th scope="col" class="n">Recall at <span class="keep">0.1 %</span> false alarms</th>');
  expect(html).toContain('<tr><th scope="row">easy</th><td class="n">90 %</td></tr>');
});

test("a figure has its title, legend, picture and sentence", () => {
  const chart = {
    description: "nothing",
    height: 100,
    x: { domain: [0, 1] as const },
    y: { domain: [0, 1] as const },
    marks: [],
  };
  const html = String(figure({ title: "T <1>", chart, sentence: "S & more", legend: [["flag", "L"]] }));
  for (const part of [
    "<h4>T &lt;1&gt;</h4>",
    '<li><i class="key flag"></i>L</li>',
    'role="img" aria-label="nothing"',
    "<figcaption>S &amp; more</figcaption>",
  ])
    expect(html).toContain(part);
  expect(String(figure({ title: "T", chart, sentence: "S" }))).not.toContain("legend");
});

test("facts are names with values", () => {
  expect(String(facts([["Kind", markup`probe`]]))).toBe(
    '<dl class="facts"><div><dt>Kind</dt><dd>probe</dd></div></dl>\n',
  );
});
