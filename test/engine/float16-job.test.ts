// Steps that know float32 alone behind one that makes float16: they compute as ever, and the result is float16 again.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { runToyJob } from './toy-job.ts'

const HALF = { type: 'quantize', method: 'float16', keep_io_types: false }
const TRAINING = { epochs: 1, batch_size: 16 }
const DATASETS = { calibration: 'dataset_0', train: 'dataset_0', evaluation: 'dataset_0' }

describe('a float16 model', () => {
  const folder = { path: '' }
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'tersor-float16-job-'))
  })
  afterAll(() => rm(folder.path, { recursive: true, force: true }))

  async function typesAfter(step: Readonly<Record<string, unknown>>) {
    const steps = [HALF, step]
    const { result } = await runToyJob(folder.path, { steps, spec: { datasets: DATASETS } })
    const { graph } = readModel(bufferRange(await readFile(result.files[0]!.path)))
    const weights = [...graph.initializers.values()].flatMap(({ constant }) => constant ?? [])
    const floats = weights.filter(({ dtype }) => dtype.startsWith('float'))
    const ends = [...graph.inputs, ...graph.outputs].map(({ type }) =>
      type?.kind === 'tensor' ? type.dtype : 'none',
    )
    return { report: result.report, weights: new Set(floats.map(({ dtype }) => dtype)), ends }
  }

  test('is pruned with repair, which needs what its layers compute', async () => {
    const { report, weights, ends } = await typesAfter({ type: 'prune', method: 'channel' })
    expect(report.steps[1]!.details.repair).toMatchObject({ refitted: 2 })
    expect([...weights, ...ends]).toEqual(['float16', 'float16', 'float16'])
  })

  test.each([
    { type: 'prune', method: 'unstructured', sparsity: 0.3, finetune: TRAINING },
    { type: 'prune', method: 'channel', importance: 'taylor', sparsity: 0.3 },
    { type: 'distill', training: TRAINING },
  ])('stays float16 behind %j', async (step) => {
    const { report, weights, ends } = await typesAfter(step)
    expect([...weights, ...ends]).toEqual(['float16', 'float16', 'float16'])
    expect(report.compressed.quality!.value).toBeGreaterThan(0.5)
  })

  test('is trained for integers between float16 inputs and outputs', async () => {
    const step = { type: 'quantize', method: 'qat', training: TRAINING }
    const { report, ends } = await typesAfter(step)
    expect(ends).toEqual(['float16', 'float16'])
    expect(report.compressed.quality!.value).toBeGreaterThan(0.9)
  })
})
