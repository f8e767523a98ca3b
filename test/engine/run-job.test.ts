// A whole job as the child runs it, on a small network with known data.

import { statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { DatasetRecord } from '#src/domain/records'
import { report as reportSchema } from '#src/domain/report'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { jobSpec } from '#src/recipes/job-spec'
import type { Step } from '#src/recipes/step'
import { float32Array, int64Array, makeNpz } from '#test/support/make-npz'
import type { ChildMessage, CompressResult } from '#workers/sandbox/protocol'
import { runJob } from '#workers/steps/run-job'

const SAMPLES = 64

const TOY = `
  <ir_version: 10, opset_import: ["" : 17]>
  toy (float[batch, 3, 16, 16] x) => (float[batch, 4] y)
  <
    float[16, 3, 3, 3] w1 = random(1, 0.3), float[16] b1 = random(2, 0.1),
    float[32, 16, 3, 3] w2 = random(3, 0.1), float[32] b2 = random(4, 0.1),
    float[32, 4] w3 = random(5, 0.3), float[4] b3 = random(6, 0.1)
  >
  {
    c1 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w1, b1)
    r1 = Relu (c1)
    c2 = Conv <pads = [1, 1, 1, 1]> (r1, w2, b2)
    r2 = Relu (c2)
    p = GlobalAveragePool (r2)
    f = Flatten (p)
    y = Gemm (f, w3, b3)
  }
`

const folder = { path: '' }
const runtime = openRuntime()

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-run-job-'))
})

afterAll(async () => {
  await rm(folder.path, { recursive: true, force: true })
})

/** Labels are the network's own decisions, so that its top-1 is 1. */
async function writeInputs(): Promise<{ model: string; dataset: string; record: DatasetRecord }> {
  const bytes = modelBytes(parseModel(TOY))
  const model = join(folder.path, 'toy.onnx')
  await writeFile(model, bytes)
  const size = 3 * 16 * 16
  const x = Float32Array.from({ length: SAMPLES * size }, (_, index) => {
    return Math.sin(index * 0.37 + Math.floor(index / size) * 1.7) + Math.cos(index * 0.011)
  })
  const session = await runtime.load(bytes, { threads: 1, optimization: 'all' })
  const { y } = await session.run({ x: { dtype: 'float32', dims: [SAMPLES, 3, 16, 16], data: x } })
  await session.release()
  const scores = y!.data as Float32Array
  const labels = Array.from({ length: SAMPLES }, (_, sample) => {
    const row = [...scores.subarray(sample * 4, sample * 4 + 4)]
    return row.indexOf(Math.max(...row))
  })
  const dataset = join(folder.path, 'data.npz')
  const file = makeNpz({
    x: float32Array([SAMPLES, 3, 16, 16], x),
    labels: int64Array([SAMPLES], labels),
  })
  await writeFile(dataset, file)
  const record: DatasetRecord = {
    id: 'dataset_0',
    tenant: 'local',
    name: 'toy',
    format: 'npz',
    samples: SAMPLES,
    fields: [
      { name: 'x', dtype: 'float32', shape: [SAMPLES, 3, 16, 16] },
      { name: 'labels', dtype: 'int64', shape: [SAMPLES] },
    ],
    classes: 4,
    preprocess: null,
    size_bytes: statSync(dataset).size,
    sha256: '0'.repeat(64),
    created_at: '2026-01-01T00:00:00.000Z',
    metadata: {},
  }
  return { model, dataset, record }
}

async function run(
  steps: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly result: CompressResult; readonly messages: readonly ChildMessage[] }> {
  const { model, dataset, record } = await writeInputs()
  const scratch = await mkdtemp(join(folder.path, 'scratch-'))
  const messages: ChildMessage[] = []
  const spec = jobSpec.parse({
    model: 'model_0',
    steps: steps as Step[],
    datasets: { calibration: 'dataset_0', evaluation: 'dataset_0' },
    evaluation: { task: 'classification', latency: { runs: 10 } },
    ...more,
  })
  const file = { path: dataset, record }
  const result = await runJob(
    {
      task: 'compress',
      job: 'job_0',
      spec,
      model: { path: model, container: 'onnx' },
      datasets: { calibration: file, evaluation: file },
      scratch,
      tersorVersion: '0.0.0',
    },
    (message) => messages.push(message),
    runtime,
  )
  return { result, messages }
}

describe('a job in the child', () => {
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
    // w1 432, b1 16, w2 4608, b2 32, w3 128, b3 4.
    expect(report.original.parameters).toBe(5220)
    expect(report.original.macs).toBe(432 * 64 + 4608 * 64 + 128)
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
    expect(result.report.compressed.parameters).toBe(5220)
  })
})
