// Step `factorize` as the child runs it, alone and in front of others.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runToyJob } from './toy-job.ts'

const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-factorize-'))
})

afterAll(async () => {
  await rm(folder.path, { recursive: true, force: true })
})

describe('a job that factorizes', () => {
  test.each([
    [[{ type: 'factorize', energy: 0.9 }]],
    [
      [
        { type: 'factorize', rank: 8 },
        { type: 'quantize', method: 'static' },
      ],
    ],
  ])('%j: fewer parameters, ranks in the report', async (steps) => {
    const { result } = await runToyJob(folder.path, { steps })
    const { report } = result
    const [{ details, method }] = report.steps as [(typeof report.steps)[number]]
    const layers = details['layers'] as { rank: number; energy: number; measured: boolean }[]
    expect(method).toBe('svd')
    expect(layers.length).toBeGreaterThan(0)
    for (const { energy, measured } of layers) {
      expect(energy).toBeGreaterThan(0.5)
      expect(measured).toBe(true)
    }
    expect(report.change.compression_ratio).toBeGreaterThan(1.1)
    expect(report.change.parameter_reduction).toBeGreaterThan(0.1)
    expect(report.change.macs_reduction).toBeGreaterThan(0.1)
  })

  test('what no rank saves anything in is handed back as it was, with a warning', async () => {
    const steps = [{ type: 'factorize', rank: 64 }]
    const { result } = await runToyJob(folder.path, { steps })
    const [step] = result.report.steps
    expect(step!.warnings.map(({ code }) => code)).toEqual(['nothing_factorized'])
    expect(result.report.compressed.quality!.value).toBe(1)
  })
})
