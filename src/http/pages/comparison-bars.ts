// Pairs of bars, original above compressed, each pair on its own scale.

import { escapeHtml } from './escape-html.ts'

export interface Comparison {
  readonly label: string
  readonly original: number | null
  readonly compressed: number | null
  readonly format: (value: number) => string
}

const WIDTH = 720
const LABEL = 155
const VALUE = 120
const ROW = 52
const BAR = 16

/** Pairs without both figures are left out. */
export function comparisonBars(comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ label, original, compressed, format }) =>
    original === null || compressed === null ? [] : [{ label, original, compressed, format }],
  )
  const body = rows.map(({ label, original, compressed, format }, index) => {
    const scale = (WIDTH - LABEL - VALUE) / Math.max(original, compressed, Number.MIN_VALUE)
    const top = index * ROW + 8
    const bar = (value: number, offset: number, kind: string): string => {
      const width = Math.max(1, value * scale)
      const y = top + offset
      return `<rect class="bar-${kind}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/><text x="${(LABEL + width + 8).toFixed(1)}" y="${y + 13}">${escapeHtml(format(value))}</text>`
    }
    return `<text x="0" y="${top + 22}">${escapeHtml(label)}</text>${bar(original, 0, 'original')}${bar(compressed, BAR + 3, 'compressed')}`
  })
  const title = 'Bars of the original (grey) and the compressed model (blue)'
  return `<svg viewBox="0 0 ${WIDTH} ${rows.length * ROW + 8}" width="100%" role="img" aria-label="${title}">${body.join('')}</svg><p class="soft">Grey: original. Blue: compressed.</p>`
}
