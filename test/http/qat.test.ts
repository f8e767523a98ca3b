// Quantization-aware training over HTTP: a job that succeeds, and what is refused before anything is queued.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { Reply, RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

const STUBBORN = modelBytes(
  parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  g (float[batch, 3, 8, 8] x) => (float[batch, 4] y) <float[6, 3, 3, 3] w1 = random(9, 0.3), float[6, 4] w2 = random(8, 0.5)>
  { n = NonZero (x) c = Conv (x, w1) g = GridSample (c, c) p = GlobalAveragePool (g) f = Flatten (p) y = MatMul (f, w2) }`),
)

let service: RunningService
const ids: Record<string, string> = {}

beforeAll(async () => {
  service = await startService({})
  for (const [name, bytes] of Object.entries({ model: toyModel(), stubborn: STUBBORN })) {
    const { json, text } = await call(service.url, 'POST', '/v1/models', bytes)
    ids[name] = String(json['id'])
    if (json['id'] === undefined) throw new Error(text)
  }
  const { json } = await call(service.url, 'POST', '/v1/datasets?format=npz', toyDataset(32))
  ids['data'] = String(json['id'])
})
afterAll(() => service.stop())

const TRAINING = { epochs: 2, batch_size: 8 }

function job(step: object = {}, more: object = {}): object {
  return {
    model: ids['model'],
    steps: [{ type: 'quantize', method: 'qat', training: TRAINING, ...step }],
    datasets: { train: ids['data'], calibration: ids['data'], evaluation: ids['data'] },
    evaluation: { task: 'classification', latency: { runs: 5 } },
    ...more,
  }
}

const post = (body: object): Promise<Reply> =>
  call(service.url, 'POST', '/v1/jobs', body, { prefer: 'wait=50' })

describe('a job that trains with the rounding in place', () => {
  test.each(['int8', 'int4'])('in %s: reports what it learnt and what it lost', async (dtype) => {
    const done = await post(job({ weights_dtype: dtype }))
    expect(done.json['status'], done.text).toBe('succeeded')
    const path = `/v1/jobs/${String(done.json['id'])}`
    const { json: report } = await call(service.url, 'GET', `${path}/report`)
    const [step] = report['steps'] as { type: string; details: Record<string, unknown> }[]
    expect(step).toMatchObject({
      type: 'quantize',
      details: {
        training: { steps: 8, samples: 32, epochs: [{ epoch: 1 }, { epoch: 2 }] },
        loss: { unit: 'drop of top1', before_training: expect.any(Number) as number },
      },
    })
    expect(report['compressed']).toMatchObject({ quality: { metric: 'top1' } })
    const { json } = await call(service.url, 'GET', path)
    const [resolved] = (json['spec'] as { steps: Record<string, unknown>[] }).steps
    expect(resolved).toMatchObject({ learn_scales: true, training: { batch_norm: 'frozen' } })
  })

  test('is planned with the size of its data', async () => {
    const plan = await post(job({}, { dry_run: true }))
    expect(plan.json).toMatchObject({
      accepted: true,
      steps: [{ type: 'quantize', accepted: true }],
    })
    expect(plan.json['data']).toContainEqual(
      expect.objectContaining({ role: 'train', samples: 32, accepted: true }),
    )
  })
})

const REFUSED: readonly [what: string, body: () => object, code: string, detail: RegExp][] = [
  [
    'no training data',
    () => job({}, { datasets: { calibration: ids['data'], evaluation: ids['data'] } }),
    'dataset_required',
    /quantize qat.*training dataset/,
  ],
  [
    'no calibration data',
    () => job({}, { datasets: { train: ids['data'], evaluation: ids['data'] } }),
    'dataset_required',
    /quantize qat.*calibration dataset/,
  ],
  [
    'a node without gradient',
    () => job({}, { model: ids['stubborn'] }),
    'step_unsupported',
    /'g' \(GridSample\)/,
  ],
  [
    'labels of another kind',
    () => job({ training: { labels: 'x' } }),
    'dataset_unusable',
    /steps\/0\/training\/labels.*labels of a classification are integers/,
  ],
  [
    'weights of 3 bits',
    () => job({ weights_dtype: 'int3' }),
    'invalid_value',
    /steps\/0\/weights_dtype/,
  ],
  ['options of the static method', () => job({ adaround: true }), 'unknown_field', /adaround/],
  [
    'training what is quantized',
    () => job({}, { steps: [{ type: 'quantize', method: 'qat' }, { type: 'distill' }] }),
    'pipeline_conflict',
    /distill first/,
  ],
  [
    'a layer there is not',
    () => job({ excluded_layers: ['nowhere'] }),
    'invalid_value',
    /no node 'nowhere'/,
  ],
]

test('a nameless node goes by its first result, as in reports', async () => {
  const { json, text } = await post(job({ excluded_layers: ['c1'] }, { dry_run: true }))
  expect(json['accepted'], text).toBe(true)
})

test.each(REFUSED)('refuses %s', async (_, body, code, detail) => {
  const reply = await post(body())
  expect(reply.json['code'], reply.text).toBe(code)
  expect(reply.text).toMatch(detail)
})
