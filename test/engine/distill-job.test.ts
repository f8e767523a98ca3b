import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { runToyJob } from './toy-job.ts'

/** The toy network with a quarter of its channels and weights of its own. */
const STUDENT = modelBytes(
  parseModel(`<ir_version: 10, opset_import: ["" : 17]>
  student (float[batch, 3, 16, 16] x) => (float[batch, 4] y)
  < float[8, 3, 3, 3] w1 = random(11, 0.3), float[8] b1 = random(12, 0.1),
    float[8, 8, 3, 3] w2 = random(13, 0.2), float[8] b2 = random(14, 0.1),
    float[8, 4] w3 = random(15, 0.3), float[4] b3 = random(16, 0.1) >
  { c1 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w1, b1)
    r1 = Relu (c1)
    c2 = Conv <pads = [1, 1, 1, 1]> (r1, w2, b2)
    r2 = Relu (c2)
    p = GlobalAveragePool (r2)
    f = Flatten (p)
    y = Gemm (f, w3, b3) }`),
)
const TRAINING = { batch_size: 16, optimizer: { type: 'adamw', learning_rate: 0.02 } }

function distill(epochs: number, more: Record<string, unknown> = {}) {
  const training = { ...TRAINING, epochs }
  return { type: 'distill', student: 'model_1', training, ...more }
}

describe('a job that distils', () => {
  const folder = { path: '' }
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'tersor-distill-'))
  })
  afterAll(() => rm(folder.path, { recursive: true, force: true }))
  const models = { model_1: STUDENT }

  async function run(steps: readonly unknown[], spec: Record<string, unknown> = {}) {
    const datasets = { train: 'dataset_0', evaluation: 'dataset_0' }
    return await runToyJob(folder.path, { steps, models, spec: { datasets, ...spec } })
  }

  test('makes a smaller model that agrees with the original, and reports the curve', async () => {
    const short = await run([distill(1)])
    const { result, messages } = await run([distill(60, { alpha: 1, temperature: 1 })])
    const [step] = result.report.steps
    const details = step!.details as {
      epochs: { loss: number }[]
      curve: unknown[]
      losses: { kind: string; weight: number }[]
    }
    expect(details.epochs.length).toBe(60)
    expect(details.epochs.at(-1)!.loss).toBeLessThan(details.epochs[0]!.loss / 4)
    expect(details.losses).toMatchObject([{ kind: 'divergence', weight: 1 }])
    expect(short.result.report.steps[0]!.details.losses).toMatchObject([
      { kind: 'divergence', weight: 0.9 },
      { kind: 'cross_entropy', target: 'labels' },
    ])
    expect(details.curve.length).toBeGreaterThan(100)
    expect(result.report.compressed.agreement!).toBeGreaterThan(0.85)
    expect(result.report.compressed.agreement!).toBeGreaterThan(
      short.result.report.compressed.agreement!,
    )
    expect(result.report.compressed.parameters).toBeLessThan(result.report.original.parameters / 4)
    const texts = messages.map((message) => (message.kind === 'progress' ? message.message : ''))
    expect(texts).toContainEqual(
      expect.stringMatching(/^epoch 60\/60 step 240\/240 loss \d\S* learning rate \d/),
    )
  })

  test('repeats to the same bytes', async () => {
    const [one, other] = [await run([distill(2)]), await run([distill(2)])]
    const files = await Promise.all(
      [one, other].map(({ result }) => readFile(result.files[0]!.path)),
    )
    expect(files[0]!.equals(files[1]!)).toBe(true)
  })

  test.each(['channel', 'unstructured'])('prunes by %s and trains what is left', async (method) => {
    const optimizer = { type: 'adamw', learning_rate: 0.02 }
    const finetune = { ...TRAINING, optimizer, epochs: 60, labels: null }
    const step = {
      type: 'prune',
      method,
      sparsity: 0.75,
      importance: 'magnitude',
      ...(method === 'channel' && { repair: false }),
    }
    const [bare, repaired] = [await run([step]), await run([{ ...step, finetune }])]
    const before = bare.result.report.compressed
    const after = repaired.result.report.compressed
    expect(after.parameters).toBe(before.parameters)
    expect(after.sparsity).toBeCloseTo(before.sparsity, 2)
    expect(after.agreement!).toBeGreaterThan(before.agreement!)
    expect(repaired.result.report.steps[0]!.details['finetune']).toMatchObject({ steps: 240 })
  })

  test('says into how many parts batches were cut, and why not into more', async () => {
    const reports = []
    for (const shards of [4, 64]) {
      const training = { ...TRAINING, epochs: 1, shards }
      const { result } = await run([distill(1, { training })])
      const { details, declined } = result.report.steps[0]!
      reports.push([details['shards'], details['executors'], declined.map(({ reason }) => reason)])
    }
    const why = 'batches of 16 were not cut into 64 parts, more than there are samples in it'
    expect(reports).toEqual([
      [4, 1, []],
      [16, 1, [why]],
    ])
  })

  test('trains a pruned model on, whose zeros stay', async () => {
    const steps = [
      { type: 'prune', method: 'unstructured', sparsity: 0.6 },
      { type: 'distill', training: { ...TRAINING, epochs: 5 } },
    ]
    const { result } = await run(steps)
    const [pruned, distilled] = result.report.steps
    expect(distilled!.after.sparsity).toBeCloseTo(pruned!.after.sparsity, 2)
    const model = readModel(bufferRange(await readFile(result.files[0]!.path)))
    expect(model.graph.nodeCount).toBeGreaterThan(0)
  })
})
