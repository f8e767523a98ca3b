// The frame of every page: one file, no script, nothing loaded from anywhere.

import { escapeHtml } from './escape-html.ts'

const STYLE = `
  :root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d7dce1; --paper: #fff; --tint: #f5f7f9; --good: #1a7f52; --accent: #2b5fd9; --warn: #9a5b00; --warn-tint: #fff6e5; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af; --line: #343b43; --paper: #14171b; --tint: #1d2126; --good: #4cc38a; --accent: #7ea6ff; --warn: #f0b35a; --warn-tint: #2c2414; } }
  * { box-sizing: border-box; }
  body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
  p { margin: .25rem 0 .75rem; } .soft { color: var(--soft); }
  .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
  .tile { padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--tint); }
  .tile b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); font-size: .9rem; }
  .scroll { overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; }
  th, td { padding: .45rem .6rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; } th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; min-width: 7.5rem; } th { color: var(--soft); font-weight: 500; }
  .prose th, .prose td { text-align: left; } .prose td:first-child { width: 25rem; } a { color: var(--accent); }
  .warning { border-left: 4px solid var(--warn); background: var(--warn-tint); padding: .6rem .9rem; margin: .5rem 0; border-radius: .3rem; }
  svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } .bar-original { fill: var(--soft); opacity: .55; } .bar-compressed { fill: var(--accent); } .bar-integer { fill: var(--good); }
  code { font: .9em ui-monospace, monospace; background: var(--tint); padding: .1em .35em; border-radius: .25em; overflow-wrap: anywhere; }
  @media (max-width: 36rem) { svg text { font-size: 21px; } th, td { padding: .45rem .3rem; } .prose thead { display: none; } .prose td { display: block; } .prose td:first-child { border: 0; padding-bottom: 0; } }
  details { margin: .75rem 0; } summary { cursor: pointer; color: var(--accent); }
`

/** `body` is HTML already. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** The first column is the row's name; cells are HTML already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const header = head.map((cell) => `<th>${cell}</th>`).join('')
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('\n')
  return `<div class="scroll"><table><thead><tr>${header}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}
