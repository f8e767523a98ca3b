// The comparisons as one Markdown table: "metric · size ratio · speed" for each way of making the int8 model.

import type { Comparison, Contender } from './compare-case.ts'

const HEAD = [
  'model',
  'kind',
  'n',
  'metric fp32 → int8',
  'smaller',
  'p50 fp32 → int8 ms',
  'speed',
  'submit → done s · peak MiB',
  'ORT defaults: metric · smaller · speed · s · MiB',
  'ORT U8S8 per channel: metric · smaller · speed · s · MiB',
  'warnings',
]

export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(tableRow)
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function tableRow(comparison: Comparison): string[] {
  const { modelCase, samples, sizeBytes, score, latency, ours, report } = comparison
  const digits = modelCase.metric === 'mse' ? 3 : 4
  return [
    modelCase.model,
    modelCase.kind,
    String(samples),
    `${modelCase.metric} ${score.toFixed(digits)} → ${fixed(ours.score, digits)}`,
    ratio(sizeBytes, ours),
    `${latency.p50Ms.toFixed(3)} → ${fixed(ours.latency?.p50Ms, 3)}`,
    `${fixed(ours.latency?.speedup, 2)}×`,
    ours.error ?? `${seconds(ours)} · ${mebibytes(ours)}`,
    contender(comparison, comparison.defaults, digits),
    contender(comparison, comparison.u8s8, digits),
    report?.warnings.map(({ code }) => code).join(', ') || 'none',
  ]
}

function contender({ sizeBytes }: Comparison, entry: Contender, digits: number): string {
  if (entry.error !== null) return `failed: ${entry.error.replaceAll(/[\n|]/gu, ' ').slice(0, 120)}`
  return `${fixed(entry.score, digits)} · ${ratio(sizeBytes, entry)} · ${fixed(entry.latency?.speedup, 2)}× · ${seconds(entry)} · ${mebibytes(entry)}`
}

function ratio(original: number, { sizeBytes }: Contender): string {
  return sizeBytes === null ? 'none' : `${(original / sizeBytes).toFixed(2)}×`
}

const seconds = ({ wallMs }: Contender) => (wallMs / 1000).toFixed(2)
const mebibytes = ({ peakBytes }: Contender) => (peakBytes / 2 ** 20).toFixed(0)

function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? 'none' : value.toFixed(digits)
}
