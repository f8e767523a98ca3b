// The layers in the page of a report: a bar for each that was timed, nothing of a name taken as HTML.

import { expect, test } from 'vitest'
import type { LayerReport, Report } from '#src/domain/report'
import { layersSection } from '#src/http/pages/layers-section'

function layer(name: string, changes: Partial<LayerReport>): LayerReport {
  return {
    name,
    op: 'Conv',
    parameters: 100,
    macs: 1000,
    dtype: 'int8',
    bits: 8,
    sparsity: 0,
    sqnr_db: 30.25,
    latency_ms: 0.5,
    original_latency_ms: 2,
    kernel: 'QLinearConv',
    integer_kernel: true,
    ...changes,
  }
}

function section(layers: LayerReport[], operators: Report['operators'] = []): string {
  const coverage = { macs_in_integer_kernels: 0.5 } as Report['coverage']
  return layersSection({ layers, operators, coverage } as Report)
}

const count = (html: string, part: string): number => html.split(part).length - 1

test('two bars for each timed layer, coloured by its kernel', () => {
  const html = section([
    layer('first', {}),
    layer('second', { integer_kernel: false, kernel: 'Conv' }),
    layer('new', { original_latency_ms: null }),
    layer('untimed', { latency_ms: null }),
  ])
  expect(count(html, 'class="bar-original"')).toBe(2)
  expect(count(html, 'class="bar-integer"')).toBe(2)
  expect(count(html, 'class="bar-compressed"')).toBe(1)
  expect(html).toContain('30.3 dB')
  expect(html).toContain('QLinearConv (integer)')
})

test('the longest layers alone, in the order of the model', () => {
  const layers = Array.from({ length: 60 }, (_, index) => {
    return layer(`layer-${index}`, { latency_ms: 1 + (index % 30), original_latency_ms: null })
  })
  const html = section(layers)
  expect(count(html, 'class="bar-integer"')).toBe(40)
  expect(html).toContain('20 shorter layers are left out')
  expect(html.indexOf('layer-29:')).toBeLessThan(html.indexOf('layer-59:'))
  expect(html).not.toContain('layer-0:')
})

test('names are text, and there is no picture without times', () => {
  const html = section([
    layer('<script>', { latency_ms: null, kernel: null, integer_kernel: null }),
  ])
  expect(html).not.toContain('<script>')
  expect(html).not.toContain('<svg')
  expect(section([])).toBe('')
})

test('kernels of the whole graph', () => {
  const operators = [{ operator: 'QuantizeLinear', original_ms: null, compressed_ms: 0.125 }]
  expect(section([layer('a', {})], operators)).toContain(
    '<td>QuantizeLinear</td><td>–</td><td>0.125\u00a0ms</td>',
  )
})
