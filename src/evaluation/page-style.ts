/** The style sheet of reports: the review desk's colours, light and dark, for a screen, a phone or paper. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f3;
  --surface: #ffffff;
  --line: #e4e5e0;
  --text: #1d2126;
  --muted: #5c646e;
  --accent: #2f55c8;
  --heat: #5f80f0;
  --heat-below: #e0a030;
  --red: #b3261e;
  --amber: #8a5300;
  --amber-soft: #fdf0d9;
  --negative: #8b919a;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b;
    --surface: #1c2026;
    --line: #30363e;
    --text: #e6e8ea;
    --muted: #9ea7b1;
    --accent: #8ea8ff;
    --heat: #4f6fe0;
    --heat-below: #9a6a10;
    --red: #ff9b91;
    --amber: #f0bd6a;
    --amber-soft: #3a2d16;
    --negative: #7d8690;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
h1, h2, h3, h4, p, dl, dd, ul, ol, figure, blockquote { margin: 0; padding: 0; }
ul, ol { list-style: none; }
bdi { overflow-wrap: anywhere; }
th bdi { display: inline-block; max-width: 16em; overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font-family: var(--mono); font-size: 0.87em; overflow-wrap: anywhere; }

.column { max-width: 1340px; margin: 0 auto; padding: 0 28px; }
.top { background: var(--surface); border-bottom: 1px solid var(--line); padding: 26px 0 22px; }
h1 { font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.lead { margin-top: 8px; color: var(--muted); max-width: 78ch; }
nav { margin-top: 14px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 22px; }
main { padding-bottom: 80px !important; }

section { margin-top: 48px; }
h2 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -0.005em; }
.detector { border-top: 1px solid var(--line); padding-top: 34px; }
h3 { margin-top: 38px; font-size: 16px; font-weight: 650; }
h3 small { font-size: 14px; font-weight: 400; color: var(--muted); margin-left: 8px; }
h4 { font-size: 14px; font-weight: 600; }
.about { margin-top: 6px; max-width: 78ch; }
.hint { color: var(--muted); font-size: 13.5px; max-width: 78ch; margin-top: 6px; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), max-content)); gap: 10px 36px; margin-top: 16px; }
.facts div { min-width: 0; }
.facts dt { font-size: 12.5px; color: var(--muted); }
.facts dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.notes { margin-top: 16px; max-width: 78ch; padding: 10px 16px; border-left: 3px solid var(--amber); background: var(--amber-soft); border-radius: 0 6px 6px 0; }
.notes li + li { margin-top: 4px; }

.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 370px), 1fr)); gap: 16px; margin-top: 16px; }
.figures.one { grid-template-columns: minmax(0, 500px); }
figure { display: flex; flex-direction: column; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
figure svg { display: block; width: 100%; max-width: 560px; height: auto; margin: 8px auto 0; overflow: visible; font-size: 12px; font-family: inherit; color: var(--text); }
figure svg text { white-space: pre; font-variant-numeric: tabular-nums; }
figcaption { padding-top: 12px; color: var(--muted); font-size: 13.5px; line-height: 1.45; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 4px; font-size: 12.5px; color: var(--muted); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: var(--accent); }
.key.negative { background: var(--negative); }
.key.flag, .key.abort { width: 14px; height: 3px; margin-bottom: 3px; background: var(--amber); }
.key.abort { background: var(--red); }
.key.baseline { background: none; border: 2px solid var(--negative); border-radius: 50%; }
.key.dot { border-radius: 50%; }
.key.ring { background: none; border: 2px solid var(--accent); border-radius: 50%; }

.scroll { margin-top: 16px; overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; padding: 14px 18px 6px; font-weight: 600; }
th, td { padding: 7px 14px; text-align: left; vertical-align: baseline; border-top: 1px solid var(--line); font-weight: 400; }
th:first-child { padding-left: 18px; min-width: 11em; position: sticky; left: 0; background: var(--surface); }
td:last-child, thead th:last-child { padding-right: 18px; }
thead th { border-top: 0; color: var(--muted); font-size: 12.5px; vertical-align: bottom; line-height: 1.35; }
tbody tr:last-child > * { padding-bottom: 12px; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
thead .n { white-space: normal; }
.range { display: block; color: var(--muted); font-size: 12px; }
.keep { white-space: nowrap; }
.none { color: var(--muted); }
tr .all { font-weight: 600; }
.best { font-weight: 600; color: var(--accent); }

.mistakes { margin-top: 16px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.mistakes li { padding: 12px 0; border-top: 1px solid var(--line); }
.mistakes ol { margin-top: 10px; }
.mistakes summary { cursor: pointer; color: var(--accent); font-size: 14px; padding: 10px 0 2px; }
.mistake-head { display: flex; flex-wrap: wrap; gap: 0 16px; color: var(--muted); font-size: 13px; }
.mistake-head b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
blockquote { margin-top: 4px; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 86ch; }
blockquote mark { color: inherit; background: none; border-radius: 2px; box-shadow: 0 0 0 2px var(--red); }
blockquote mark.maybe { box-shadow: none; text-decoration: underline dashed var(--red) 1.5px; text-underline-offset: 4px; }
.cut { color: var(--muted); font-size: 13px; }
.mark { font: 0.8em var(--mono); color: var(--amber); background: var(--amber-soft); border-radius: 3px; }
code .mark { font-size: 1em; }

@media (min-width: 900px) { .map { display: grid; grid-template-columns: minmax(0, 500px) minmax(0, 1fr); gap: 0 16px; align-items: start; } .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 16px; align-items: start; } }
@media (max-width: 619px) {
  .column { padding: 0 14px; }
  .top { padding: 18px 0; }
  h1 { font-size: 21px; }
  figure, .mistakes { padding: 14px 12px; }
  h3 small { display: block; margin: 2px 0 0; }
  th bdi { max-width: 9em; }
  th:first-child { min-width: 8.5em; padding-left: 12px; }
  caption { padding-left: 12px; }
}
@media print {
  body { background: none; font-size: 12px; }
  figure, .scroll, .mistakes { break-inside: avoid; }
}
`;
