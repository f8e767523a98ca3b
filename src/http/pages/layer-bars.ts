// The layers that take longest, original above compressed, all on one scale.

import type { LayerReport } from '#src/domain/report'
import { escapeHtml } from './escape-html.ts'
import { decimal } from './format-figure.ts'

const WIDTH = 720
const LABEL = 210
const VALUE = 90
const ROW = 26
const BAR = 9
const MOST_LAYERS = 40
const LONGEST_NAME = 28

const timeOf = ({ latency_ms: own, original_latency_ms: original }: LayerReport): number =>
  Math.max(own ?? 0, original ?? 0)

/** Empty when no layer was timed. */
export function layerBars(layers: readonly LayerReport[]): string {
  const timed = layers.filter(({ latency_ms: own }) => own !== null)
  const shown = new Set(
    timed.toSorted((one, other) => timeOf(other) - timeOf(one)).slice(0, MOST_LAYERS),
  )
  const rows = timed.filter((layer) => shown.has(layer))
  if (rows.length === 0) return ''
  const longest = Math.max(...rows.map(timeOf), Number.MIN_VALUE)
  const scale = (WIDTH - LABEL - VALUE) / longest
  const body = rows.map((layer, index) => row(layer, index * ROW + 6, scale)).join('')
  const left = timed.length - rows.length
  const rest = left === 0 ? '' : ` ${left} shorter layers are left out.`
  const title = 'Milliseconds of each layer in the original and in the compressed model'
  return `<svg viewBox="0 0 ${WIDTH} ${rows.length * ROW + 8}" width="100%" role="img" aria-label="${title}">${body}</svg><p class="soft">Milliseconds per layer. Grey: original. Blue: compressed, by a float kernel. Green: compressed, by an integer kernel.${rest}</p>`
}

function row(layer: LayerReport, top: number, scale: number): string {
  const { name, latency_ms: own, original_latency_ms: original, integer_kernel: integer } = layer
  const bar = (value: number | null, offset: number, kind: string): string => {
    if (value === null) return ''
    const width = Math.max(1, value * scale)
    return `<rect class="bar-${kind}" x="${LABEL}" y="${top + offset}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`
  }
  const end = LABEL + Math.max(1, timeOf(layer) * scale) + 8
  const short = name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name
  const noise = layer.sqnr_db === null ? '' : `, ${decimal(layer.sqnr_db, 1)} dB`
  const hint = `${name}: ${original === null ? '–' : decimal(original, 3)} → ${decimal(own ?? 0, 3)} ms, ${layer.kernel ?? layer.op}${noise}`
  return `<g><title>${escapeHtml(hint)}</title><text x="0" y="${top + 14}">${escapeHtml(short)}</text>${bar(original, 0, 'original')}${bar(own, BAR + 2, integer === true ? 'integer' : 'compressed')}<text x="${end.toFixed(1)}" y="${top + 14}">${decimal(own ?? 0, 3)}</text></g>`
}
