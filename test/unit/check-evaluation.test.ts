// What an evaluation is refused for before it runs, by table: the field, and what would be right.

import { describe, expect, test } from 'vitest'
import type { DatasetField, DatasetRecord, ModelRecord } from '#src/domain/records'
import { jobSpec } from '#src/recipes/job-spec'
import { evaluationFaults } from '#src/services/check-evaluation'

type Dim = number | string | null
type Outputs = Readonly<Record<string, readonly Dim[] | null>>

/** Fields: type and shape, such as `int64 8 24 24`. */
interface Case {
  readonly outputs: Outputs
  readonly fields: Readonly<Record<string, string>> | null
  readonly evaluation: object
}

function faultsOf({ outputs, fields, evaluation }: Case): string[] {
  const spec = jobSpec.parse({ model: 'model_0', steps: [{ type: 'simplify' }], evaluation })
  const value = (name: string, shape: readonly Dim[] | null) => ({ name, dtype: 'float32', shape })
  const graph = {
    inputs: [value('x', ['n', 3, null, null])],
    outputs: Object.entries(outputs).map(([name, shape]) => value(name, shape)),
  }
  // The checks read nothing else of these records.
  const model = { graph } as unknown as ModelRecord
  const described = Object.entries(fields ?? {}).map(([name, text]): DatasetField => {
    const [dtype = '', ...shape] = text.split(' ')
    return { name, dtype, shape: shape.map(Number) }
  })
  const dataset = fields === null ? null : ({ fields: described } as unknown as DatasetRecord)
  const none = { calibration: null, train: null, others: new Map() }
  const faults = evaluationFaults(spec, { model, ...none, evaluation: dataset })
  return faults.map(({ pointer, code, detail }) => `${pointer} ${code}: ${detail}`)
}

const PICTURES = { x: 'float32 8 3 64 96' }
const MAPS = { ...PICTURES, labels: 'uint8 8 64 96' }
const BOXES = { ...PICTURES, boxes: 'float32 8 20 4', classes: 'int64 8 20' }
const SEGMENTATION = { task: 'segmentation' }
const YOLOX = { task: 'detection', decoder: 'yolox' }
const APART = { task: 'detection', decoder: 'boxes_scores' }
const IMAGES = { task: 'image_to_image' }

const GOOD: readonly (readonly [string, Case])[] = [
  ['maps', { outputs: { y: ['n', 21, 64, 96] }, fields: MAPS, evaluation: SEGMENTATION }],
  ['smaller maps', { outputs: { y: ['n', 16, 24, 21] }, fields: MAPS, evaluation: SEGMENTATION }],
  ['class maps', { outputs: { y: ['n', 64, 96] }, fields: MAPS, evaluation: SEGMENTATION }],
  ['open sides', { outputs: { y: ['n', 1, 'h', 'w'] }, fields: MAPS, evaluation: SEGMENTATION }],
  ['unknown shapes', { outputs: { y: null }, fields: MAPS, evaluation: SEGMENTATION }],
  ['cells', { outputs: { y: ['n', 126, 85] }, fields: BOXES, evaluation: YOLOX }],
  ['boxes apart', { outputs: { s: [1, 99, 2], b: [1, 99, 4] }, fields: BOXES, evaluation: APART }],
  [
    'boxes chosen in the graph',
    {
      outputs: { b: [null, 4], s: [null], c: [null] },
      fields: BOXES,
      evaluation: { ...APART, classes_output: 'c' },
    },
  ],
  [
    'no labels, no data',
    {
      outputs: { y: ['n', 84, 126] },
      fields: null,
      evaluation: { task: 'detection', decoder: 'yolov8', labels: null },
    },
  ],
  [
    'pictures',
    {
      outputs: { y: ['n', 3, 64, 96] },
      fields: { ...PICTURES, labels: 'float32 8 3 64 96' },
      evaluation: IMAGES,
    },
  ],
  [
    'channels that the pictures tell',
    {
      outputs: { y: [1, 64, 96, 64] },
      fields: MAPS,
      evaluation: { ...SEGMENTATION, labels: null },
    },
  ],
]

const BAD: readonly (readonly [string, Case, RegExp])[] = [
  [
    'no data',
    { outputs: { y: [1, 2, 8, 8] }, fields: null, evaluation: SEGMENTATION },
    /^\/datasets\/evaluation dataset_required: the task segmentation needs/,
  ],
  [
    'labels with fractions',
    {
      outputs: { y: [1, 2, 8, 8] },
      fields: { ...PICTURES, labels: 'float32 8 64 96' },
      evaluation: SEGMENTATION,
    },
    /^\/evaluation\/labels dataset_unusable: .*integers, 'labels' is float32/,
  ],
  [
    'one label for each picture',
    {
      outputs: { y: [1, 2, 8, 8] },
      fields: { ...PICTURES, labels: 'int64 8' },
      evaluation: SEGMENTATION,
    },
    /^\/evaluation\/labels dataset_unusable: .*\[samples, height, width\], 'labels' has \[8\]/,
  ],
  [
    'a cube',
    {
      outputs: { y: [1, 64, 64, 64] },
      fields: { x: 'float32 8 3 64 64', labels: 'int64 8 64 64' },
      evaluation: SEGMENTATION,
    },
    /^\/evaluation\/layout evaluation_invalid: say nchw or nhwc: 'y' \[1, 64, 64, 64\]/,
  ],
  [
    'scores of whole pictures',
    { outputs: { y: [1, 10] }, fields: MAPS, evaluation: SEGMENTATION },
    /^\/evaluation\/output evaluation_invalid: .*'y' is \[1, 10\]/,
  ],
  [
    'no classes of the boxes',
    {
      outputs: { y: [1, 126, 85] },
      fields: { ...PICTURES, boxes: 'float32 8 20 4' },
      evaluation: YOLOX,
    },
    /^\/evaluation\/classes dataset_unusable: .*no field 'classes'; it has 'x', 'boxes'/,
  ],
  [
    'boxes with a class among them',
    {
      outputs: { y: [1, 126, 85] },
      fields: { ...BOXES, boxes: 'float32 8 20 5' },
      evaluation: YOLOX,
    },
    /^\/evaluation\/labels dataset_unusable: true boxes .*\[samples, boxes, 4\].*\[8, 20, 5\]/,
  ],
  [
    'more classes than boxes',
    {
      outputs: { y: [1, 126, 85] },
      fields: { ...BOXES, classes: 'int64 8 30' },
      evaluation: YOLOX,
    },
    /^\/evaluation\/classes dataset_unusable: .*20 boxes.*30 classes/,
  ],
  [
    'the other generation',
    {
      outputs: { y: [1, 84, 8400] },
      fields: BOXES,
      evaluation: { task: 'detection', decoder: 'yolov5' },
    },
    /^\/evaluation\/decoder evaluation_invalid: .*\[1, 84, 8400\], which is what yolov8 reads/,
  ],
  [
    'boxes of other grids',
    { outputs: { y: [1, 3549, 85] }, fields: BOXES, evaluation: YOLOX },
    /^\/evaluation\/strides evaluation_invalid: .*126 cells in pictures of 64×96.*3549/,
  ],
  [
    'a detector with heads apart',
    { outputs: { a: [1, 255, 8, 8], b: [1, 255, 4, 4] }, fields: BOXES, evaluation: YOLOX },
    /^\/evaluation\/output evaluation_invalid: .*several outputs/,
  ],
  [
    'scores that are not told apart',
    { outputs: { b: [1, 9, 4], s: [1, 9, 2], t: [1, 9, 2] }, fields: BOXES, evaluation: APART },
    /^\/evaluation\/decoder evaluation_invalid: .*name scores_output, one of 'b', 's', 't'/,
  ],
  [
    'one score for each box, without classes',
    { outputs: { b: [1, 9, 4], s: [1, 9] }, fields: BOXES, evaluation: APART },
    /^\/evaluation\/scores_output evaluation_invalid: .*\[samples, boxes, classes\]/,
  ],
  [
    'pictures of another size',
    {
      outputs: { y: ['n', 3, 32, 48] },
      fields: { ...PICTURES, labels: 'float32 8 3 64 96' },
      evaluation: IMAGES,
    },
    /^\/evaluation\/labels shape_mismatch: .*\[n, 3, 32, 48\].*\[8, 3, 64, 96\]/,
  ],
  [
    'pictures below the window',
    {
      outputs: { y: ['n', 3, 8, 96] },
      fields: { ...PICTURES, labels: 'float32 8 3 8 96' },
      evaluation: { ...IMAGES, metric: 'ssim' },
    },
    /^\/evaluation\/metric evaluation_invalid: .*11×11.*8×96/,
  ],
]

describe('evaluations', () => {
  test.each(GOOD)('%s: nothing to object', (_, good) => {
    expect(faultsOf(good)).toEqual([])
  })

  test.each(BAD)('%s', (_, bad, fault) => {
    expect(faultsOf(bad).join('\n')).toMatch(fault)
  })

  test('a goal for the metric needs labels', () => {
    const spec = jobSpec.parse({
      model: 'model_0',
      steps: [{ type: 'simplify' }],
      evaluation: { task: 'segmentation', labels: null },
      goal: { max_metric_drop: 0.01 },
    })
    const model = { graph: { inputs: [], outputs: [] } } as unknown as ModelRecord
    const none = { calibration: null, evaluation: null, train: null, others: new Map() }
    const faults = evaluationFaults(spec, { model, ...none })
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/goal/max_metric_drop'])
  })
})
