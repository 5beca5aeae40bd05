import type { Chart } from "./chart.ts";
import { Markup, markup, written } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { drawChart } from "./plots.ts";

/** Nothing but what is in the file: no script, no request. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A whole HTML document of one file, readable without scripts and without a network. */
export function renderPage(page: { readonly title: string; readonly head: Markup; readonly body: Markup }): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<header class="top"><div class="column">
<h1>${written(page.title)}</h1>
${page.head}
</div></header>
<main class="column">
${page.body}
</main>
</body>
</html>
`.toString();
}

/** A chart with its title and one sentence for a reader who is no statistician. */
export function figure(about: {
  readonly title: string;
  readonly chart: Chart;
  readonly sentence: string | Markup;
  readonly legend?: readonly (readonly [kind: string, name: string])[];
}): Markup {
  const legend = (about.legend ?? []).map(([kind, name]) => markup`<li><i class="key ${kind}"></i>${name}</li>`);
  return markup`<figure>
<h4>${about.title}</h4>
${legend.length === 0 ? "" : markup`<ul class="legend">${legend}</ul>`}
${drawChart(about.chart)}
<figcaption>${about.sentence}</figcaption>
</figure>
`;
}

/** A column of a table: numbers stand right, one above the other. */
export interface TableColumn {
  readonly head: string;
  readonly numeric?: boolean;
}

/** A table in a box of its own that scrolls sideways; the first cell of a row is its heading. */
export function table(about: {
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Markup[])[];
}): Markup {
  const kind = (index: number) => (about.columns[index]?.numeric === true ? "n" : "t");
  const heads = about.columns.map(
    ({ head }, index) => markup`<th scope="col" class="${kind(index)}">${keptTogether(head)}</th>`,
  );
  const rows = about.rows.map((cells) => {
    const parts = cells.map((cell, index) =>
      index === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td class="${kind(index)}">${cell}</td>`,
    );
    return markup`<tr>${parts}</tr>\n`;
  });
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${about.caption}"><table>
<caption>${about.caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>
`;
}

// A line does not break between a number and its per cent sign.
function keptTogether(text: string): Markup[] {
  return text
    .split(/(\d[\d.]* %)/)
    .map((part, index) => (index % 2 === 1 ? markup`<span class="keep">${part}</span>` : markup`${part}`));
}

/** Names with their values, one below the other. */
export function facts(pairs: readonly (readonly [name: string, value: Markup])[]): Markup {
  const rows = pairs.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return markup`<dl class="facts">${rows}</dl>\n`;
}
