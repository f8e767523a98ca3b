// What a report warns of: slower, larger and worse than the original, and nothing within noise.

import { expect, test } from 'vitest'
import { busyWarnings } from '#engine/evaluate/busy-machine'
import { changeMeasures } from '#engine/evaluate/change'
import { reportWarnings } from '#engine/evaluate/report-warnings'
import type { ModelMeasures } from '#src/domain/report'

interface Figures {
  readonly size?: number
  readonly p50?: number
  readonly p95?: number
  readonly metric?: string
  readonly value?: number
}

function measures(figures: Figures): ModelMeasures {
  const { size = 1000, p50 = 1, p95 = p50, metric = 'top1', value = 0.8 } = figures
  return {
    size_bytes: size,
    transfer_bytes: size,
    parameters: 100,
    nonzero_parameters: 100,
    sparsity: 0,
    macs: 1000,
    macs_source: 'estimated',
    latency_ms: { p50, p95, runs: 10, threads: 1, batch_size: 1 },
    throughput_per_second: 1000 / p50,
    peak_memory_bytes: null,
    cpu_ms_per_inference: p50,
    energy_mj_per_inference: null,
    quality: { metric, value, samples: 500 },
    agreement: 1,
    sqnr_db: 40,
    unavailable: {},
  }
}

function codes(compressed: Figures, original: Figures = {}, higherIsBetter = true): string[] {
  const [before, after] = [measures(original), measures({ size: 500, ...compressed })]
  const change = changeMeasures(before, after, higherIsBetter)
  return reportWarnings(before, after, change).map(({ code }) => code)
}

test.each<[what: string, compressed: Figures, expected: string[]]>([
  ['smaller and as good', {}, []],
  ['a hundredth worse', { value: 0.7925 }, []],
  ['more than a hundredth worse', { value: 0.79 }, ['quality_loss']],
  ['better', { value: 0.9 }, []],
  ['within the noise of timing', { p50: 1.01 }, []],
  ['slower', { p50: 1.2 }, ['slower_than_original', 'no_gain']],
  ['slower, by less than runs differ', { p50: 1.2, p95: 2 }, []],
  ['far slower, with unsteady runs', { p50: 1.4, p95: 9 }, ['slower_than_original', 'no_gain']],
  ['slower, by more than runs differ', { p50: 1.2, p95: 1.3 }, ['slower_than_original', 'no_gain']],
  ['no smaller', { size: 1000 }, ['no_gain']],
  ['larger', { size: 1001 }, ['larger_than_original', 'no_gain']],
])('%s', (_, compressed, expected) => {
  expect(codes(compressed)).toEqual(expected)
})

test('of an error, more is worse', () => {
  const original = { metric: 'mse', value: 0.1 }
  expect(codes({ metric: 'mse', value: 0.12 }, original, false)).toEqual(['quality_loss'])
  expect(codes({ metric: 'mse', value: 0.08 }, original, false)).toEqual([])
})

test('it says what was lost, and on how much data', () => {
  const [before, after] = [measures({}), measures({ size: 500, value: 0.5 })]
  const [warning] = reportWarnings(before, after, changeMeasures(before, after, true))
  expect(warning!.detail).toBe('top1 0.5000, 0.8000 before, on 500 samples')
})

test('runs that waited for a processor are told by its time', () => {
  const at = (p50: number, cpu: number): ModelMeasures => {
    return { ...measures({ p50 }), cpu_ms_per_inference: cpu }
  }
  const [warning] = busyWarnings([at(25.6, 1.43), at(1.4, 1.41)], 'cpu')
  expect(warning?.code).toBe('busy_machine')
  expect(warning?.detail).toContain('25.600 ms for 1.430 ms of work')
  expect(warning?.detail).toMatch(/by the work alone it is 1\.01 × as fast$/)
  expect(busyWarnings([at(1, 1.1), at(0.5, 0.5)], 'cpu')).toEqual([])
  expect(busyWarnings([at(25.6, 1.43), at(1.4, 1.41)], 'cuda')).toEqual([])
})
