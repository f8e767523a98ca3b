// The report for a reader: what was gained, what it cost, and how that was measured.

import type { ModelMeasures, Placement, Report } from '#src/domain/report'
import { escapeHtml } from './escape-html.ts'
import { bytes, count, decimal, percent } from './format-figure.ts'
import { page, table } from './page.ts'
import { searchSection } from './search-section.ts'
import { sensitivityTable } from './sensitivity-table.ts'
import { comparisonBars } from './comparison-bars.ts'
import { layersSection } from './layers-section.ts'

export function reportPage(report: Report, name: string): string {
  const title = name === '' ? `Report of ${report.job}` : `Report: ${name}`
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p class="soft">${escapeHtml(report.job)} · ${escapeHtml(report.created_at)}</p>`,
    tiles(report),
    report.warnings.map(warning).join(''),
    '<h2>Before and after</h2>',
    bars(report),
    measures(report),
    goal(report),
    searchSection(report),
    steps(report),
    layersSection(report),
    environment(report),
  ]
  return page(title, body.join('\n'))
}

function tiles({ change, compressed, original }: Report): string {
  const quality =
    original.quality === null || compressed.quality === null
      ? null
      : `${decimal(original.quality.value, 4)} → ${decimal(compressed.quality.value, 4)}`
  const items: readonly (readonly [string, string])[] = [
    [`${decimal(change.compression_ratio, 2)}×`, 'smaller'],
    [change.speedup === null ? '–' : `${decimal(change.speedup, 2)}×`, 'the speed'],
    [
      quality ?? percent(compressed.agreement),
      quality === null
        ? 'agreement with the original'
        : escapeHtml(compressed.quality?.metric ?? ''),
    ],
    [
      change.peak_memory_ratio === null ? '–' : percent(change.peak_memory_ratio),
      'of the peak memory',
    ],
  ]
  return `<div class="tiles">${items.map(([value, label]) => `<div class="tile"><b>${value}</b><span>${label}</span></div>`).join('')}</div>`
}

function warning({ code, detail }: { readonly code: string; readonly detail: string }): string {
  return `<p class="warning"><strong>${escapeHtml(code)}</strong>: ${escapeHtml(detail)}</p>`
}

function bars({ original, compressed }: Report): string {
  return comparisonBars([
    {
      label: 'size',
      original: original.size_bytes,
      compressed: compressed.size_bytes,
      format: bytes,
    },
    {
      label: 'sent (zstd)',
      original: original.transfer_bytes,
      compressed: compressed.transfer_bytes,
      format: bytes,
    },
    {
      label: 'latency p50',
      original: original.latency_ms?.p50 ?? null,
      compressed: compressed.latency_ms?.p50 ?? null,
      format: (value) => `${decimal(value, 3)} ms`,
    },
    {
      label: 'CPU time',
      original: original.cpu_ms_per_inference,
      compressed: compressed.cpu_ms_per_inference,
      format: (value) => `${decimal(value, 3)} ms`,
    },
    {
      label: 'peak memory',
      original: original.peak_memory_bytes,
      compressed: compressed.peak_memory_bytes,
      format: bytes,
    },
  ])
}

const ROWS: readonly (readonly [
  string,
  keyof ModelMeasures,
  (m: ModelMeasures) => string | null,
])[] = [
  ['Size', 'size_bytes', (m) => bytes(m.size_bytes)],
  ['Size when sent (zstd)', 'transfer_bytes', (m) => bytes(m.transfer_bytes)],
  ['Parameters', 'parameters', (m) => count(m.parameters)],
  ['Parameters that are not 0', 'nonzero_parameters', (m) => count(m.nonzero_parameters)],
  ['Sparsity', 'sparsity', (m) => percent(m.sparsity)],
  ['Multiply–accumulates (estimated)', 'macs', (m) => (m.macs === null ? null : count(m.macs))],
  [
    'Latency p50',
    'latency_ms',
    (m) => (m.latency_ms === null ? null : `${decimal(m.latency_ms.p50, 3)} ms`),
  ],
  [
    'Latency p95',
    'latency_ms',
    (m) => (m.latency_ms === null ? null : `${decimal(m.latency_ms.p95, 3)} ms`),
  ],
  [
    'Inferences per second',
    'throughput_per_second',
    (m) =>
      m.throughput_per_second === null ? null : count(Number(decimal(m.throughput_per_second, 1))),
  ],
  [
    'CPU time per inference',
    'cpu_ms_per_inference',
    (m) => (m.cpu_ms_per_inference === null ? null : `${decimal(m.cpu_ms_per_inference, 3)} ms`),
  ],
  [
    'Energy per inference',
    'energy_mj_per_inference',
    (m) =>
      m.energy_mj_per_inference === null ? null : `${decimal(m.energy_mj_per_inference, 3)} mJ`,
  ],
  [
    'Peak memory',
    'peak_memory_bytes',
    (m) => (m.peak_memory_bytes === null ? null : bytes(m.peak_memory_bytes)),
  ],
  [
    'Quality',
    'quality',
    (m) =>
      m.quality === null
        ? null
        : `${escapeHtml(m.quality.metric)} ${decimal(m.quality.value, 4)} on ${count(m.quality.samples)} samples`,
  ],
  [
    'Agreement with the original',
    'agreement',
    (m) => (m.agreement === null ? null : percent(m.agreement)),
  ],
  [
    'Signal to noise',
    'sqnr_db',
    (m) => (m.sqnr_db === null ? null : `${decimal(m.sqnr_db, 1)} dB`),
  ],
]

function measures({ original, compressed }: Report): string {
  const cell = (m: ModelMeasures, key: string, text: string | null): string =>
    text ??
    `<span class="soft" title="${escapeHtml(m.unavailable[key] ?? '')}">not measured${m.unavailable[key] === undefined ? '' : `: ${escapeHtml(m.unavailable[key])}`}</span>`
  const rows = ROWS.map(([label, key, of]) => [
    label,
    cell(original, key, of(original)),
    cell(compressed, key, of(compressed)),
  ])
  return table(['', 'original', 'compressed'], rows)
}

function goal({ goal: found }: Report): string {
  if (found === null) return ''
  const rows = found.checks.map(({ name, limit, value, met }) => [
    escapeHtml(name),
    String(limit),
    goalValue(value),
    met ? 'met' : 'missed',
  ])
  return `<h2>Goal: ${found.met ? 'met' : 'missed'}</h2>${table(['', 'limit', 'value', ''], rows)}`
}

function goalValue(value: number | null): string {
  if (value === null) return 'unknown'
  return Number.isInteger(value) ? String(value) : decimal(value, 4)
}

function steps({ steps: done }: Report): string {
  const rows = done.map(({ type, method, duration_ms: duration, after }) => [
    escapeHtml(method === null ? type : `${type} (${method})`),
    `${decimal(duration / 1000, 2)} s`,
    bytes(after.size_bytes),
    count(after.parameters),
  ])
  const declined = done.flatMap((step) => step.declined)
  const list = declined.map(({ rule, node, reason }) => [
    escapeHtml(rule),
    escapeHtml(node ?? ''),
    escapeHtml(reason),
  ])
  const why =
    list.length === 0
      ? ''
      : `<details><summary>${list.length === 1 ? '1 rule' : `${list.length} rules`} did not apply; why</summary>${table(['rule', 'node', 'reason'], list)}</details>`
  return `<h2>Steps</h2>${table(['', 'time', 'size after', 'parameters after'], rows)}${why}${done.flatMap((step) => step.warnings.map(warning)).join('')}${done.map(sensitivityTable).join('')}`
}

function environment({ environment: e, original, coverage }: Report): string {
  const latency = original.latency_ms
  const runs =
    latency === null
      ? ''
      : ` Latency: ${latency.runs} runs of each model in turns, batch ${latency.batch_size}, ${latency.threads} thread(s).`
  return `<h2>How it was measured</h2><p class="soft">${escapeHtml(e.cpu)}, ${escapeHtml(e.platform)}, ONNX Runtime ${escapeHtml(e.onnxruntime)}, Tersor ${escapeHtml(e.tersor)}, Node ${escapeHtml(e.node)}.${runs} ${placement(coverage)}</p>`
}

function placement({ evaluation, ...timed }: Report['coverage']): string {
  const judged =
    evaluation.provider === timed.provider
      ? ' The samples ran there too.'
      : ` The samples ran on ${device(evaluation)}.`
  return `Timed on ${device(timed)}.${judged}`
}

/** Such as `webgpu (95 % of the nodes, cpu 5 %)`. */
function device({ provider, nodes_by_provider: shares }: Placement): string {
  if (provider === 'cpu') return 'the CPU'
  const name = escapeHtml(provider)
  if (shares === null) return name
  const others = Object.entries(shares).filter(([other]) => other !== provider)
  const rest = others.map(([other, share]) => `, ${escapeHtml(other)} ${percent(share)}`).join('')
  return `${name} (${percent(shares[provider] ?? 0)} of the nodes${rest})`
}
