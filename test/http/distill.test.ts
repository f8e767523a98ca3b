// Distillation over HTTP: a job that succeeds, its manifest, and what is refused before anything is queued.

import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply, RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset } from '#test/support/toy-model'
import { MODELS } from './distill-models.ts'

let service: RunningService
const ids: Record<string, string> = {}

beforeAll(async () => {
  service = await startService({})
  for (const [name, bytes] of Object.entries(MODELS)) {
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
    model: ids['teacher'],
    steps: [{ type: 'distill', student: ids['student'], training: TRAINING, ...step }],
    datasets: { train: ids['data'], evaluation: ids['data'] },
    evaluation: { task: 'classification', latency: { runs: 5 } },
    ...more,
  }
}

const post = (body: object): Promise<Reply> =>
  call(service.url, 'POST', '/v1/jobs', body, { prefer: 'wait=40' })

describe('a job that distils', () => {
  test('trains the student, reports the curve, and can be repeated', async () => {
    const done = await post(job())
    expect(done.json['status'], done.text).toBe('succeeded')
    const path = `/v1/jobs/${String(done.json['id'])}`
    const { json: report } = await call(service.url, 'GET', `${path}/report`)
    const [step] = report['steps'] as { type: string; details: Record<string, unknown> }[]
    expect(step).toMatchObject({
      type: 'distill',
      details: { steps: 8, samples: 32, teacher: ids['teacher'], student: ids['student'] },
    })
    expect(step!.details['epochs']).toHaveLength(2)
    const { json } = await call(service.url, 'GET', path)
    const { manifest } = json['spec'] as { manifest: Record<string, unknown> }
    expect(Object.keys(manifest['models_sha256'] as object)).toEqual([ids['student']])
    const again = await post(json['spec'] as object)
    expect(again.json['reused_from'], again.text).toBe(done.json['id'])
  })

  test('makes the student of the teacher, and compares inner values', async () => {
    const hints = [
      { student: 'r1', compare: 'attention' },
      { student: 'r2', compare: 'features', weight: 0.5 },
    ]
    const training = { ...TRAINING, augment: ['crop', 'mixup'], shards: 2 }
    const done = await post(job({ student: { width: 0.5 }, hints, training }))
    expect(done.json['status'], done.text).toBe('succeeded')
    const path = `/v1/jobs/${String(done.json['id'])}/report`
    const { json: report } = await call(service.url, 'GET', path)
    const { original, compressed, steps } = report as {
      original: { parameters: number }
      compressed: { parameters: number }
      steps: { details: Record<string, unknown> }[]
    }
    expect(compressed.parameters).toBeLessThan(original.parameters * 0.6)
    expect(steps[0]!.details['student']).toMatchObject({ width: 0.5, depth: 1 })
    expect(steps[0]!.details['losses']).toMatchObject([
      { kind: 'divergence' },
      { kind: 'cross_entropy' },
      { kind: 'hint', output: 'r1' },
      { kind: 'hint', output: 'r2', weight: 0.5 },
    ])
    const executors = Math.min(2, availableParallelism())
    expect(steps[0]!.details).toMatchObject({ shards: 2, executors })
  })

  test('takes a student of a fixed batch, and holds back of few samples', async () => {
    const training = { ...TRAINING, batch_size: 16, early_stopping: {} }
    const done = await post(job({ student: ids['eight'], training }))
    expect(done.json['status'], done.text).toBe('succeeded')
    const path = `/v1/jobs/${String(done.json['id'])}/report`
    const { json: report } = await call(service.url, 'GET', path)
    const [step] = report['steps'] as { details: object; declined: object[] }[]
    expect(step!.details).toMatchObject({ batch_size: 16, samples_held_back: 16, samples: 16 })
    expect(step!.declined).toEqual([])
  })

  test('is planned with the size of its data', async () => {
    const plan = await post(job({}, { dry_run: true }))
    expect(plan.json).toMatchObject({
      accepted: true,
      steps: [{ type: 'distill', accepted: true }],
    })
    expect(plan.json['data']).toContainEqual(
      expect.objectContaining({ role: 'train', samples: 32, accepted: true }),
    )
  })
})

const REFUSED: readonly [what: string, body: () => object, code: string, detail: RegExp][] = [
  [
    'no training data',
    () => job({}, { datasets: { evaluation: ids['data'] } }),
    'dataset_required',
    /training dataset/,
  ],
  ['a student that is not there', () => job({ student: 'model_none' }), 'not_found', /model_none/],
  [
    'a student with other outputs',
    () => job({ student: ids['renamed'] }),
    'shape_mismatch',
    /student has no output 'y'/,
  ],
  [
    'a teacher with other outputs',
    () => job({ teacher: ids['renamed'] }),
    'shape_mismatch',
    /teacher has no output 'y'/,
  ],
  [
    'a node without gradient',
    () => job({ student: ids['stubborn'] }),
    'step_unsupported',
    /'g' \(GridSample\)/,
  ],
  [
    'a student in place of what was made',
    () => job({}, { steps: [{ type: 'simplify' }, { type: 'distill', student: ids['student'] }] }),
    'pipeline_conflict',
    /would be lost/,
  ],
  [
    'fine-tuning without data',
    () =>
      job(
        {},
        {
          steps: [{ type: 'prune', method: 'unstructured', finetune: {} }],
          datasets: { evaluation: ids['data'] },
        },
      ),
    'dataset_required',
    /prune unstructured.*training dataset/,
  ],
  [
    'a student that is its own teacher',
    () => job({ student: null, alpha: 1 }),
    'pipeline_conflict',
    /nothing to learn/,
  ],
  [
    'labels of another kind',
    () => job({ training: { labels: 'x' } }),
    'dataset_unusable',
    /labels of a classification are integers/,
  ],
  [
    'training what is quantized',
    () => job({}, { steps: [{ type: 'quantize', method: 'dynamic' }, { type: 'distill' }] }),
    'pipeline_conflict',
    /distill first/,
  ],
  [
    'fewer samples than the model takes',
    () => job({ student: ids['forty'] }),
    'dataset_unusable',
    /takes 40 samples at a time, and there are 32/,
  ],
  [
    'an augmentation there is not',
    () => job({ training: { augment: ['invert'] } }),
    'invalid_value',
    /augment/,
  ],
  [
    'a hint of a value that the student has not',
    () => job({ hints: [{ student: 'nothing', teacher: 'r1' }] }),
    'invalid_value',
    /hints\/0\/student.*no inner value 'nothing'|no inner value 'nothing'.*hints\/0\/student/,
  ],
  [
    'a hint of a value that the teacher has not',
    () => job({ hints: [{ student: 'c' }] }),
    'invalid_value',
    /the teacher has no inner value 'c'/,
  ],
  [
    'a hint between maps of different sizes',
    () => job({ hints: [{ student: 'r', teacher: 'r2', compare: 'attention' }] }),
    'shape_mismatch',
    /8 places in the student and 4 in the teacher/,
  ],
  [
    'a hint inside a block that is left out',
    () => job({ student: { depth: 0.5 }, hints: [{ student: 'd2' }] }, { model: ids['deep'] }),
    'invalid_value',
    /no inner value 'd2': it lies in a block that its depth leaves out/,
  ],
  [
    'a student that is no smaller',
    () => job({ student: { width: 1 } }),
    'invalid_value',
    /no smaller/,
  ],
  [
    'leaving out blocks that are not there',
    () => job({ student: { depth: 0.5 } }),
    'step_unsupported',
    /no residual block/,
  ],
  [
    'a student made in place of what was made',
    () => job({}, { steps: [{ type: 'simplify' }, { type: 'distill', student: { width: 0.5 } }] }),
    'pipeline_conflict',
    /would be lost/,
  ],
]

test.each(REFUSED)('refuses %s', async (_, body, code, detail) => {
  const reply = await post(body())
  expect(reply.json['code'], reply.text).toBe(code)
  expect(reply.text).toMatch(detail)
})
