// A whole job with weight-only quantization, as the child runs it: a zip with external data goes in, one file and a report come out.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredLayer } from '#engine/quantize/weight-only/site-quantizer'
import type { Report } from '#src/domain/report'
import { report as reportSchema } from '#src/domain/report'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { writeModel } from '#src/onnx/write-model'
import { jobSpec } from '#src/recipes/job-spec'
import { int64Array, makeNpz } from '#test/support/make-npz'
import { makeZip } from '#test/support/make-zip'
import type { CompressRequest } from '#workers/sandbox/protocol'
import { runJob } from '#workers/steps/run-job'
import { runtime } from '../model-runs.ts'
import { tinyTransformer, tokenFeeds } from './tiny-transformer.ts'

const [SAMPLES, LENGTH] = [24, 6]
const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-weight-only-job-'))
  const weights: Uint8Array[] = []
  const target = { location: 'weights.bin', threshold: 1024 }
  const sink = (chunk: Uint8Array): void => void weights.push(Uint8Array.from(chunk))
  const model = [...writeModel(tinyTransformer(), { externalData: { ...target, sink } })]
  const zip = makeZip([
    { name: 'model.onnx', body: Buffer.concat(model) },
    { name: 'weights.bin', body: Buffer.concat(weights) },
  ])
  await writeFile(join(folder.path, 'model.zip'), zip)
  const ids = tokenFeeds(SAMPLES, LENGTH, 1)['ids']!.data as BigInt64Array
  await writeFile(
    join(folder.path, 'data.npz'),
    makeNpz({ ids: int64Array([SAMPLES, LENGTH], [...ids].map(Number)) }),
  )
})

afterAll(() => rm(folder.path, { recursive: true, force: true }))

async function run(step: object): Promise<{ report: Report; path: string; model: Model }> {
  const spec = jobSpec.parse({
    model: 'model_0',
    steps: [{ type: 'quantize', method: 'weight_only', ...step }],
    datasets: { calibration: 'dataset_0' },
    evaluation: { task: 'none', latency: { runs: 5 } },
  })
  const path = join(folder.path, 'data.npz')
  const record = {
    id: 'dataset_0',
    tenant: 'local',
    name: 'tokens',
    format: 'npz',
    samples: SAMPLES,
    fields: [{ name: 'ids', dtype: 'int64', shape: [SAMPLES, LENGTH] }],
    classes: null,
    preprocess: null,
    size_bytes: statSync(path).size,
    sha256: '0'.repeat(64),
    created_at: '2026-01-01T00:00:00.000Z',
    metadata: {},
  } as const
  const request: CompressRequest = {
    task: 'compress',
    job: 'job_0',
    spec,
    model: { path: join(folder.path, 'model.zip'), container: 'zip' },
    others: {},
    datasets: { calibration: { path, record }, evaluation: null, train: null },
    scratch: await mkdtemp(join(folder.path, 'scratch-')),
    tersorVersion: '0.0.0',
    accelerators: ['cpu'],
    crashed: false,
    lethal: [],
    seconds: 600,
    fingerprint: 'f',
    checkpoints: { everySeconds: 0, costShare: 1, found: [] },
  }
  const { report, files } = await runJob(request, () => {}, runtime)
  const file = files[0]!.path
  return { report, path: file, model: readModel(bufferRange(await readFile(file))) }
}

describe('a job with weight-only quantization', () => {
  test.each(['rtn', 'gptq', 'awq', 'hqq'])(
    '%s: bits, algorithm and error of every layer',
    async (algorithm) => {
      const { report, path, model } = await run({ algorithm, format: 'matmul_nbits' })
      expect(reportSchema.parse(report)).toEqual(report)
      const layers = report.steps[0]!.details['layers'] as StoredLayer[]
      for (const { name, ...layer } of layers) {
        expect(layer.bits).toBe(4)
        expect(layer.block_size).toBe(32)
        expect(layer.weight_error).toBeLessThan(0.2)
        if (name === 'embed') {
          expect(layer).toMatchObject({ form: 'gather_block_quantized', output_error: null })
          continue
        }
        expect(layer).toMatchObject({ form: 'matmul_nbits', algorithm })
        expect(layer.output_error).toBeLessThan(0.2)
        const row = report.layers.find((other) => other.name === name)
        expect(row).toMatchObject({ op: 'MatMulNBits', bits: 4 })
        expect(row?.sqnr_db).toBeCloseTo(-20 * Math.log10(layer.output_error!), 6)
      }
      expect(layers).toHaveLength(9)
      expect(report.compressed.sqnr_db).toBeGreaterThan(10)
      expect(report.compressed.parameters).toBe(report.original.parameters)
      expect(report.compressed.size_bytes).toBe(statSync(path).size)
      expect(report.change.compression_ratio).toBeGreaterThan(3)
      expect(
        [...model.graph.nodes()].filter(({ opType }) => opType === 'MatMulNBits'),
      ).toHaveLength(8)
    },
  )

  test('auto tells what was timed, and standard operators what stands in the file', async () => {
    const timed = await run({ weights_dtype: 'uint4', symmetric: false })
    const layers = timed.report.steps[0]!.details['layers'] as StoredLayer[]
    expect(layers.filter(({ speedups }) => speedups !== null)).toHaveLength(8)
    const { model, report } = await run({ format: 'qdq', weights_dtype: 'uint4', block_size: 16 })
    expect(model.opsetImports.map(({ domain }) => domain)).not.toContain('com.microsoft')
    expect(model.graph.initializers.get('wq')).toBeUndefined()
    expect(report.compressed.sqnr_db).toBeGreaterThan(10)
    expect(report.layers.find(({ name }) => name === 'q')?.bits).toBe(4)
  })
})
