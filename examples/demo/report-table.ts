// The report as a table for a terminal.

import type { ModelMeasures, Report } from '#src/domain/report'

type Row = readonly [label: string, of: (measures: ModelMeasures) => string]

const ROWS: readonly Row[] = [
  ['size', (m) => bytes(m.size_bytes)],
  ['size when sent (zstd)', (m) => bytes(m.transfer_bytes)],
  ['parameters', (m) => m.parameters.toLocaleString('en')],
  ['multiply-accumulates', (m) => m.macs?.toLocaleString('en') ?? 'unknown'],
  ['latency p50', (m) => number(m.latency_ms?.p50, 3, ' ms')],
  ['latency p95', (m) => number(m.latency_ms?.p95, 3, ' ms')],
  ['CPU time per inference', (m) => number(m.cpu_ms_per_inference, 3, ' ms')],
  ['energy per inference', (m) => number(m.energy_mj_per_inference, 2, ' mJ')],
  [
    'peak memory',
    (m) => (m.peak_memory_bytes === null ? 'not measured' : bytes(m.peak_memory_bytes)),
  ],
  [
    'quality',
    (m) =>
      m.quality === null ? 'not measured' : `${m.quality.metric} ${m.quality.value.toFixed(4)}`,
  ],
  ['agreement with the original', (m) => number(m.agreement, 4, '')],
]

export function reportTable({ original, compressed, change, warnings }: Report): string {
  const rows = ROWS.map(([label, of]) => [label, of(original), of(compressed)])
  rows.push(['signal to noise', 'reference', number(compressed.sqnr_db, 1, ' dB')])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length), 10))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('   ')
  return [
    line(['', 'original', 'compressed']),
    ...rows.map(line),
    '',
    `${change.compression_ratio.toFixed(2)}× smaller, ${number(change.speedup, 2, '×')} the speed, quality drop ${number(change.metric_drop, 4, '')}`,
    ...warnings.map(({ code, detail }) => `warning ${code}: ${detail}`),
  ].join('\n')
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  return count < 2 ** 20
    ? `${(count / 1024).toFixed(1)} KiB`
    : `${(count / 2 ** 20).toFixed(2)} MiB`
}

function number(value: number | null | undefined, digits: number, unit: string): string {
  return value === null || value === undefined ? 'not measured' : value.toFixed(digits) + unit
}
