// A whole job as the child runs it, on a small network with known data.

import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import { report as reportSchema } from '#src/domain/report'
import { MACS, PARAMETERS, SAMPLES } from '#test/support/toy-network'
import { runToyJob } from './toy-job.ts'

const folder = { path: '' }
const runtime = openRuntime()

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-run-job-'))
})

afterAll(async () => {
  await rm(folder.path, { recursive: true, force: true })
})

function run(
  steps: readonly unknown[],
  spec: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof runToyJob> {
  return runToyJob(folder.path, { steps, spec })
}

describe('a job in the child', () => {
  test.each([true, false])('float16, inputs and outputs left as they are: %s', async (kept) => {
    const step = { type: 'quantize', method: 'float16', keep_io_types: kept }
    const { result } = await run([step])
    const { compressed } = result.report
    expect(compressed.quality!.value).toBe(1)
    expect(compressed.sqnr_db).toBeGreaterThan(40)
    expect(compressed.latency_ms!.runs).toBe(10)
    expect(result.report.layers.some(({ bits }) => bits === 16)).toBe(true)
  })

  test('static quantization: a smaller model, every figure measured or explained', async () => {
    const { result, messages } = await run([{ type: 'quantize', method: 'static' }], {
      goal: { max_metric_drop: 0.1, min_speedup: 1000 },
      target: { formats: ['onnx', 'ort'] },
    })
    const { report } = result
    expect(reportSchema.parse(report)).toEqual(report)
    expect(report.original.quality).toEqual({ metric: 'top1', value: 1, samples: SAMPLES })
    expect(report.compressed.quality!.value).toBeGreaterThan(0.9)
    expect(report.compressed.agreement).toBeCloseTo(report.compressed.quality!.value, 10)
    expect(report.compressed.sqnr_db).toBeGreaterThan(15)
    expect(report.original.parameters).toBe(PARAMETERS)
    expect(report.original.macs).toBe(MACS)
    expect(report.compressed.macs).toBe(report.original.macs)
    expect(report.compressed.size_bytes).toBe(statSync(result.files[0]!.path).size)
    expect(report.change.compression_ratio).toBeGreaterThan(1.3)
    expect(report.compressed.latency_ms!.runs).toBe(10)
    for (const side of [report.original, report.compressed]) {
      const empty = Object.entries(side).filter(([, value]) => value === null)
      for (const [field] of empty) expect(side.unavailable, field).toHaveProperty(field)
    }
    expect(report.goal!.checks.map(({ name, met }) => [name, met])).toEqual([
      ['max_metric_drop', true],
      ['min_speedup', false],
    ])
    expect(report.goal!.met).toBe(false)
    expect(report.layers.map(({ bits }) => bits)).toContain(8)
    expect(report.operators.length).toBeGreaterThan(0)
    for (const { kernel, bits, sqnr_db: noise, ...times } of report.layers) {
      expect(kernel).not.toBeNull()
      expect(times.latency_ms).toBeGreaterThan(0)
      expect(times.original_latency_ms).toBeGreaterThan(0)
      // What computes on the very weights loses nothing.
      if (bits === 8 || noise !== null) expect(noise).toBeGreaterThan(15)
    }
    expect(result.files.map(({ kind }) => kind)).toEqual(['model', 'model_ort'])
    const fractions = messages.flatMap((item) => (item.kind === 'progress' ? [item.fraction] : []))
    expect(fractions).toEqual(fractions.toSorted((one, other) => one - other))
    const ort = await runtime.load(result.files[1]!.path, { threads: 1, optimization: 'all' })
    expect(ort.inputs.map(({ name }) => name)).toEqual(['x'])
    await ort.release()
  })

  test.each([
    [[{ type: 'simplify' }]],
    [[{ type: 'quantize', method: 'dynamic' }]],
    [[{ type: 'simplify' }, { type: 'quantize', method: 'float16' }]],
  ])('%j runs and keeps the decisions', async (steps) => {
    const { result } = await run(steps)
    expect(result.report.steps.map(({ type }) => type)).toEqual(steps.map(({ type }) => type))
    expect(result.report.compressed.quality!.value).toBeGreaterThan(0.95)
    expect(result.report.compressed.parameters).toBe(PARAMETERS)
  })
})
