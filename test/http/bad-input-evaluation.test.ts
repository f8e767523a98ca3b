// Evaluations that the model or the labels do not fit: refused at submission, foretold by a dry run, with the field at fault.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { float32Array, int64Array, makeNpz } from '#test/support/make-npz'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'

const DETECTOR = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[n, 3, 64, 96] x) => (float[n, 126, 8] y)
  <float[1, 126, 8] w = random(1, 0.5)>
  {
    mean = ReduceMean <axes = [1, 2, 3], keepdims = 0> (x)
    last = Constant <value_ints = [-1, 1, 1]> ()
    column = Reshape (mean, last)
    y = Add (column, w)
  }`

let service: RunningService
const ids = { model: '', dataset: '' }

beforeAll(async () => {
  service = await startService({}, { withWorker: false })
  const bytes = modelBytes(parseModel(DETECTOR))
  const model = await call(service.url, 'POST', '/v1/models', bytes)
  expect(model.status, model.text).toBe(201)
  const arrays = {
    x: float32Array([2, 3, 64, 96], new Float32Array(2 * 3 * 64 * 96)),
    boxes: float32Array([2, 5, 4], new Float32Array(40)),
    classes: int64Array([2, 5], Array<number>(10).fill(-1)),
    wide: int64Array([2, 6], Array<number>(12).fill(-1)),
  }
  const dataset = await call(service.url, 'POST', '/v1/datasets?format=npz', makeNpz(arrays))
  expect(dataset.status, dataset.text).toBe(201)
  Object.assign(ids, { model: model.json['id'], dataset: dataset.json['id'] })
})
afterAll(() => service.stop())

const job = (evaluation: object, more: object = {}): object => ({
  model: ids.model,
  steps: [{ type: 'simplify' }],
  datasets: { evaluation: ids.dataset },
  evaluation: { task: 'detection', decoder: 'yolox', ...evaluation },
  ...more,
})

const WRONG: readonly (readonly [string, object, string, string, RegExp])[] = [
  [
    'the other generation',
    { decoder: 'yolov8' },
    '/evaluation/decoder',
    'evaluation_invalid',
    /yolov5 or yolox/,
  ],
  [
    'other grids',
    { strides: [8, 16] },
    '/evaluation/strides',
    'evaluation_invalid',
    /120 cells.*126/,
  ],
  [
    'no such boxes',
    { labels: 'truth' },
    '/evaluation/labels',
    'dataset_unusable',
    /'truth'.*'boxes'/,
  ],
  [
    'more classes than boxes',
    { classes: 'wide' },
    '/evaluation/classes',
    'dataset_unusable',
    /5 boxes.*6 classes/,
  ],
  [
    'fractions for classes',
    { classes: 'boxes' },
    '/evaluation/classes',
    'dataset_unusable',
    /integers.*float32/,
  ],
]

describe('evaluations', () => {
  test.each(WRONG)('%s', async (_, evaluation, pointer, code, detail) => {
    const refused = await call(service.url, 'POST', '/v1/jobs', job(evaluation))
    expect([refused.status, refused.json['code']], refused.text).toEqual([422, code])
    expect(refused.json['errors']).toMatchObject([{ pointer, code }])
    expect(refused.json['detail']).toMatch(detail)
    const body = job(evaluation, { dry_run: true })
    const plan = await call(service.url, 'POST', '/v1/jobs', body)
    expect(plan.status).toBe(200)
    expect(plan.json).toMatchObject({ accepted: false, errors: [{ pointer, code }] })
  })

  test('what fits is accepted, with defaults filled in', async () => {
    const { status, json } = await call(service.url, 'POST', '/v1/jobs', job({}))
    expect(status).toBe(201)
    expect((json['spec'] as { evaluation: object }).evaluation).toMatchObject({
      metric: 'map',
      labels: 'boxes',
      classes: 'classes',
      score_threshold: null,
      max_detections: 300,
    })
  })
})
