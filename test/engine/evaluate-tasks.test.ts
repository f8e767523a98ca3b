// Tasks of pictures and boxes through whole jobs: labels read from the dataset, both models judged, figures in the report.

import { describe, expect, test } from 'vitest'
import { congruential } from '#test/support/congruential'
import { float32Array, int64Array } from '#test/support/make-npz'
import { rowsV5 } from './detector-data.ts'
import { reportOf } from './task-job.ts'

function model(shapes: string, body: string): string {
  return `<ir_version: 8, opset_import: ["" : 17]> g ${shapes} { ${body} }`
}

/** 5 samples for a model that takes 2 at a time: the last run repeats one, which must not count. */
const SAMPLES = 5
const PIXELS = 12 * 14

describe('classification', () => {
  const network = model(
    '(float[n, 2] x) => (float[n, 3] y) <float[2, 3] w = random(1)>',
    'y = MatMul (x, w)',
  )
  const classified = (labels: readonly number[], x: readonly number[]) =>
    reportOf({
      model: network,
      arrays: { x: float32Array([2, 2], x), labels: int64Array([2], labels) },
      evaluation: { task: 'classification' },
    })

  test('labels without a score are no mistakes of the model', async () => {
    await expect(classified([0, 3], [1, 2, 3, 4])).rejects.toThrow(
      "'labels' holds 3; the output 'y' has scores of the classes 0 to 2",
    )
  })

  test('data that hold NaN are named', async () => {
    await expect(classified([0, 1], [1, 2, 3, NaN])).rejects.toThrow(
      "'x' of the evaluation dataset is NaN in sample 1",
    )
  })
})

describe('segmentation', () => {
  const weights = '<float[4, 3, 3, 3] w = random(3, 0.4)>'
  const network = `<ir_version: 8, opset_import: ["" : 17]> g (float[2, 3, 12, 14] x) => (float[2, 4, 12, 14] y) ${weights} { y = Conv <pads = [1, 1, 1, 1]> (x, w) }`
  const x = float32Array(
    [SAMPLES, 3, 12, 14],
    congruential(3)
      .take(SAMPLES * 3 * PIXELS)
      .map((value) => value - 0.5),
  )

  test('labels of another size; agreement over pixels, with labels and without', async () => {
    const labels = int64Array([SAMPLES, 24, 28], Array<number>(SAMPLES * 4 * PIXELS).fill(1))
    const steps = [{ type: 'quantize', method: 'static', mixed_precision: false }]
    const job = { model: network, arrays: { x, labels }, steps }
    const report = await reportOf({ ...job, evaluation: { task: 'segmentation' } })
    const { quality } = report.original
    // Class 1 is always meant: its share of the pixels is its ratio, the other three have 0.
    expect(quality).toMatchObject({ metric: 'miou', samples: SAMPLES })
    expect(quality!.value).toBeGreaterThan(0.01)
    expect(quality!.value).toBeLessThan(0.25)
    expect(report.original.agreement).toBe(1)
    expect(report.compressed.agreement).toBeGreaterThan(0.9)
    const pixels = report.compressed.agreement! * SAMPLES * PIXELS
    expect(pixels).toBeCloseTo(Math.round(pixels), 6)
    const none = await reportOf({ ...job, evaluation: { task: 'segmentation', labels: null } })
    expect(none.compressed.agreement).toBe(report.compressed.agreement)
    expect(none.compressed.quality).toBeNull()
    expect(none.compressed.unavailable['quality']).toBe('no metric was asked for')
  })

  test('samples that fill up a fixed batch are not judged twice', async () => {
    const drawn = congruential(4)
      .take(SAMPLES * PIXELS)
      .map((value, at) => (at < 3 * PIXELS ? 0 : Math.floor(4 * value)))
    const labels = int64Array([SAMPLES, 12, 14], drawn)
    const job = { arrays: { x, labels }, evaluation: { task: 'segmentation' } }
    const fixed = await reportOf({ ...job, model: network })
    const open = await reportOf({ ...job, model: network.replaceAll('[2, ', '[n, ') })
    expect(fixed.original.quality).toEqual(open.original.quality)
    expect(fixed.original.quality!.value).toBeGreaterThan(0)
  })

  test('the ignored samples leave their pixels out', async () => {
    const kept = Array.from({ length: SAMPLES * PIXELS }, (_, at) => (at < PIXELS ? 1 : 9))
    const labels = int64Array([SAMPLES, 12, 14], kept)
    const one = { model: network, arrays: { x, labels } }
    const all = await reportOf({ ...one, evaluation: { task: 'segmentation', ignore_label: 9 } })
    const first = await reportOf({ ...one, evaluation: { task: 'segmentation', samples: 1 } })
    expect(all.original.quality!.value).toBe(first.original.quality!.value)
  })
})

describe('detection', () => {
  const rows = rowsV5()
  const x = float32Array([2, 40, 8], rows)
  const best = [
    [55.443462, 50.588674, 91.844753, 81.937484],
    [56.326261, 43.824493, 90.284653, 78.38685],
  ].flatMap((corners) => [...corners, 0, 0, 0, 0])
  const boxes = float32Array([2, 2, 4], best)
  const classes = int64Array([2, 2], [0, -1, 2, -1])

  test('map and map50 of boxes that are found; the compressed model agrees', async () => {
    const network = model('(float[n, 40, 8] x) => (float[n, 40, 8] y)', 'y = Relu(x)')
    for (const metric of ['map', 'map50']) {
      const evaluation = { task: 'detection', metric, decoder: 'yolov5' }
      const report = await reportOf({ model: network, arrays: { x, boxes, classes }, evaluation })
      // Both are the best ones of their class.
      expect(report.original.quality).toEqual({ metric, value: 1, samples: 2 })
      expect(report.compressed.quality).toEqual({ metric, value: 1, samples: 2 })
      expect(report.compressed.agreement).toBe(1)
    }
  })

  test('boxes and scores told apart by their shapes; a name where they are not', async () => {
    const network = model(
      '(float[n, 40, 8] x) => (float[n, 40, 3] scores, float[n, 40, 4] boxes)',
      `s = Constant <value_ints = [4, 1, 3]> ()
       sides, object, single = Split <axis = 2> (x, s)
       scores = Mul(single, object)
       boxes = Relu(sides)`,
    )
    const evaluation = { task: 'detection', decoder: 'boxes_scores', box_format: 'cxcywh' }
    const report = await reportOf({ model: network, arrays: { x, boxes, classes }, evaluation })
    expect(report.original.quality).toEqual({ metric: 'map', value: 1, samples: 2 })
    const two = model(
      '(float[n, 40, 4] x) => (float[n, 40, 4] one, float[n, 40, 4] other)',
      'one = Relu(x) other = Abs(x)',
    )
    const arrays = { x: float32Array([2, 40, 4], Array<number>(320).fill(1)), boxes, classes }
    await expect(reportOf({ model: two, arrays, evaluation })).rejects.toThrow(/name boxes_output/)
  })
})

describe('image to image', () => {
  const network = model('(float[n, 1, 16, 12] x) => (float[n, 1, 16, 12] y)', 'y = Abs(x)')
  const numbers = congruential(8).take(3 * 192)

  test.each([
    ['psnr', { data_range: 2 }, 10 * Math.log10(4 / 0.01)],
    // Labels from 0.1 to 1.1.
    ['psnr', {}, 20],
    ['ssim', { data_range: 1 }, null],
  ])('%s with %j', async (metric, options, value) => {
    const span = [0, 1, ...numbers.slice(2)]
    const labels = float32Array(
      [3, 1, 16, 12],
      span.map((number) => number + 0.1),
    )
    const evaluation = { task: 'image_to_image', metric, ...options }
    const arrays = { x: float32Array([3, 1, 16, 12], span), labels }
    const { original, compressed } = await reportOf({ model: network, arrays, evaluation })
    expect(original.quality!.samples).toBe(3)
    if (value === null) expect(original.quality!.value).toBeGreaterThan(0.9)
    else expect(original.quality!.value).toBeCloseTo(value, 4)
    expect(compressed.agreement).toBeNull()
    expect(compressed.unavailable['sqnr_db']).toBe('the outputs are equal')
  })

  test('bytes have a range of 255', async () => {
    const bytes = Uint8Array.from({ length: 3 * 192 }, (_, at) => at % 200)
    const labels = { descr: '|u1', shape: [3, 1, 16, 12], bytes }
    const arrays = {
      x: float32Array(
        [3, 1, 16, 12],
        Float32Array.from(bytes, (value) => value + 1),
      ),
      labels,
    }
    const report = await reportOf({
      model: network,
      arrays,
      evaluation: { task: 'image_to_image', metric: 'psnr' },
    })
    expect(report.original.quality!.value).toBeCloseTo(20 * Math.log10(255), 6)
  })
})
