// The layers of the compressed model in a report: where the time goes, what each costs and loses.

import type { LayerReport, OperatorTime, Report } from '#src/domain/report'
import { escapeHtml } from './escape-html.ts'
import { count, decimal, percent } from './format-figure.ts'
import { layerBars } from './layer-bars.ts'
import { table } from './page.ts'

const MOST_OPERATORS = 12

const HEAD = [
  'layer',
  'operator',
  'kernel',
  'weights',
  'parameters',
  'MACs',
  'error',
  'original',
  'compressed',
]

/** Empty without layers. */
export function layersSection({ layers, operators, coverage }: Report): string {
  if (layers.length === 0) return ''
  const share =
    coverage.macs_in_integer_kernels === null
      ? ''
      : `<p>${percent(coverage.macs_in_integer_kernels)} of the multiply–accumulates run in integer kernels.</p>`
  return `<h2>Layers</h2>${share}${layerBars(layers)}${table(HEAD, layers.map(cellsOf))}${operatorTable(operators)}`
}

function cellsOf(layer: LayerReport): string[] {
  const { sqnr_db: noise, integer_kernel: integer, kernel } = layer
  const kind = integer === null ? 'unknown' : integer ? 'integer' : 'float'
  return [
    escapeHtml(layer.name),
    escapeHtml(layer.op),
    kernel === null ? kind : `${escapeHtml(kernel)} (${kind})`,
    escapeHtml(layer.dtype),
    count(layer.parameters),
    layer.macs === null ? 'unknown' : count(layer.macs),
    noise === null ? '–' : `${decimal(noise, 1)}\u00a0dB`,
    milliseconds(layer.original_latency_ms),
    milliseconds(layer.latency_ms),
  ]
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${decimal(value, 3)}\u00a0ms`
}

function operatorTable(operators: readonly OperatorTime[]): string {
  if (operators.length === 0) return ''
  const shown = operators.slice(0, MOST_OPERATORS)
  const rows = shown.map(({ operator, original_ms: original, compressed_ms: compressed }) => {
    return [escapeHtml(operator), milliseconds(original), milliseconds(compressed)]
  })
  const note = "By the runtime's profiler, which adds some microseconds to every kernel."
  return `<h2>Time by kernel</h2>${table(['', 'original', 'compressed'], rows)}<p class="soft">${note}</p>`
}
