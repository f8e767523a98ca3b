// Jobs that are wrong, by table: each answer names the field and says what would be right.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RefusedJob, RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => service.spec(change)
const step = (change: object): object =>
  spec({ steps: [{ type: 'quantize', method: 'static', ...change }] })

const JOBS: readonly RefusedJob[] = [
  ['an empty body', () => '', 400, 'body_required', /JSON object/],
  ['truncated JSON', () => '{"model":', 400, 'invalid_json', /ends too early|character/],
  ['__proto__', () => '{"__proto__":{}}', 400, 'invalid_json', /__proto__/],
  [
    '__proto__ in escapes',
    () => `{"metadata":{"__pr\\u006fto__":"x"}}`,
    400,
    'invalid_json',
    /__proto__/,
  ],
  ['a number for a word', () => spec({ accelerator: 5 }), 400, 'wrong_type', /accelerator/],
  ['an array', () => '[]', 400, 'body_must_be_object', /object/],
  ['200 000 levels', () => '['.repeat(30_000), 400, 'body_must_be_object', /deeper/],
  ['an unknown field', () => spec({ zz: 1 }), 400, 'unknown_field', /\/zz.*not known/],
  ['an unknown field in a step', () => step({ zz: 1 }), 400, 'unknown_field', /\/steps\/0\/zz/],
  [
    'a number as text',
    () => step({ calibration: { samples: '5' } }),
    400,
    'wrong_type',
    /\/steps\/0\/calibration\/samples: must be a(?: whole)? number, not a string/,
  ],
  [
    'a number too large to be exact',
    // As text: no JavaScript number has this value.
    () =>
      JSON.stringify(step({ calibration: { samples: 0 } })).replace(':0', ':9223372036854775807'),
    422,
    'out_of_range',
    /at most 100000|at most 9007199254740991/,
  ],
  ['no model', () => ({ steps: [] }), 400, 'missing_field', /\/model: is required/],
  ['no steps', () => spec({ steps: [] }), 422, 'limit_exceeded', /\/steps: .* at least 1 item/],
  [
    'too many steps',
    () => spec({ steps: Array.from({ length: 10_00 }, () => ({ type: 'simplify' })) }),
    422,
    'too_many_steps',
    /\/steps: must have at most 32 items/,
  ],
  [
    'an unknown step',
    () => spec({ steps: [{ type: 'shrink' }] }),
    422,
    'invalid_value',
    /\/steps\/0\/type: must be one of .*simplify.*quantize/,
  ],
  [
    'an unknown method',
    () => spec({ steps: [{ type: 'quantize', method: 'magic' }] }),
    422,
    'invalid_value',
    /\/steps\/0\/method: must be one of .*static/,
  ],
  [
    'two quantizations',
    () =>
      spec({
        steps: [
          { type: 'quantize', method: 'dynamic' },
          { type: 'quantize', method: 'static' },
        ],
      }),
    422,
    'pipeline_conflict',
    /quantize/,
  ],
  [
    'pruning what is quantized',
    () =>
      spec({
        steps: [
          { type: 'quantize', method: 'dynamic' },
          { type: 'prune', method: 'channel' },
        ],
      }),
    422,
    'pipeline_conflict',
    /step 2 \(prune\) cannot come after step 1 \(quantize\).*prune first/,
  ],
  [
    'an importance that needs gradients without data',
    () =>
      spec({
        steps: [{ type: 'prune', method: 'channel', importance: 'taylor' }],
        datasets: {},
      }),
    422,
    'dataset_required',
    /by taylor\) needs a training or a calibration dataset/,
  ],
  [
    'second moments without data',
    () => spec({ steps: [{ type: 'prune', method: 'n_m', importance: 'obs' }], datasets: {} }),
    422,
    'dataset_required',
    /calibration/,
  ],
  [
    'fractions to choose without data',
    () => spec({ steps: [{ type: 'prune', method: 'channel', scope: 'auto' }], datasets: {} }),
    422,
    'dataset_required',
    /measures what the model loses/,
  ],
  [
    'a threshold in rounds',
    () =>
      spec({
        steps: [{ type: 'prune', method: 'unstructured', threshold: 0.1, iterations: 2 }],
      }),
    422,
    'invalid_value',
    /\/steps\/0\/iterations: several rounds divide/,
  ],
  [
    'two amounts to prune',
    () => spec({ steps: [{ type: 'prune', method: 'channel', sparsity: 0.5, max_macs: 0.5 }] }),
    422,
    'invalid_value',
    /\/steps\/0: says how much goes more than once/,
  ],
  [
    'a fraction for a layer that does not exist',
    () =>
      spec({ steps: [{ type: 'prune', method: 'channel', scope: { per_layer: { no: 0.5 } } }] }),
    422,
    'invalid_value',
    /no node 'no'/,
  ],
  [
    'pruning by activations without data',
    () =>
      spec({
        steps: [{ type: 'prune', method: 'channel', importance: 'activation' }],
        datasets: {},
      }),
    422,
    'dataset_required',
    /calibration/,
  ],
  [
    'calibration without data',
    () => spec({ datasets: {} }),
    422,
    'dataset_required',
    /calibration/,
  ],
  [
    'a layer that does not exist',
    () => step({ excluded_layers: ['nope'] }),
    422,
    'invalid_value',
    /nope/,
  ],
  [
    'a model that does not exist',
    () => spec({ model: `model_${'0'.repeat(26)}` }),
    404,
    'not_found',
    /\/model|no model/,
  ],
  [
    'an id of another kind',
    () => spec({ model: service.dataset }),
    400,
    'invalid_string',
    /\/model: must be an id that starts with model_/,
  ],
  [
    'labels that are not there',
    () =>
      spec({
        datasets: { calibration: service.dataset, evaluation: service.dataset },
        evaluation: { task: 'classification', labels: 'truth' },
      }),
    422,
    'dataset_unusable',
    /truth.*labels/,
  ],
  [
    'an output that is not there',
    () => spec({ evaluation: { task: 'none', output: 'z' } }),
    422,
    'evaluation_invalid',
    /'z'.*'y'/,
  ],
  [
    'a decoder of other outputs',
    () => spec({ evaluation: { task: 'detection', decoder: 'yolov8', labels: null } }),
    422,
    'evaluation_invalid',
    /yolov8 reads.*'y' is \[batch, 4\]/,
  ],
  [
    'an unknown decoder',
    () => spec({ evaluation: { task: 'detection', decoder: 'rcnn' } }),
    422,
    'invalid_value',
    /\/evaluation\/decoder: must be one of/,
  ],
  [
    'pictures where there are none',
    () => spec({ evaluation: { task: 'segmentation', labels: null } }),
    422,
    'evaluation_invalid',
    /reads pictures.*'y' is \[batch, 4\]/,
  ],
  ['NUL in a name', () => spec({ name: 'a\u0000b' }), 400, 'invalid_string', /NUL/],
  ['half a surrogate pair', () => '{"model":"\\ud800"}', 400, 'invalid_string', /surrogate/],
  [
    'a body over its limit',
    () => spec({ name: 'x'.repeat(70_000) }),
    413,
    'payload_too_large',
    /65536/,
  ],
]

describe('jobs', () => {
  test.each(JOBS)('%s', async (_, body, status, code, detail) => {
    const reply = await call(service.url, 'POST', '/v1/jobs', body())
    expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
    expect(reply.json['detail']).toMatch(detail)
    expect(reply.text).not.toMatch(/node_modules|\.[tj]s:\d|\/tmp\//)
  })
})
