// Segmentation and pictures against other programs' figures on data made alike.
// Facts: `jaccard_score` (macro) of scikit-learn 1.9.1; `peak_signal_noise_ratio` and `structural_similarity`
// (gaussian_weights, sigma 1.5, no sample covariance, channel_axis) of scikit-image 0.26.0; torchmetrics 1.9.0 agrees on the first two.

import { describe, expect, test } from 'vitest'
import { imageTask } from '#engine/evaluate/tasks/image-task'
import { segmentationTask } from '#engine/evaluate/tasks/segmentation-task'
import type { TaskBatch, Values } from '#engine/evaluate/tasks/task'
import { congruential } from '#test/support/congruential'

function values(dims: readonly number[], numbers: ArrayLike<number>, whole = false): Values {
  return { dtype: whole ? 'int64' : 'float32', dims, numbers }
}

function batchOf(output: Values): TaskBatch {
  return { samples: output.dims[0]!, outputs: new Map([['y', output]]), inputs: new Map() }
}

/** [n, c, h, w] as [n, h, w, c]. */
function channelsLast({ dtype, dims, numbers }: Values): Values {
  const [n = 0, c = 0, h = 0, w = 0] = dims
  const moved = Array.from(numbers, (_, at) => {
    const channel = at % c
    const pixel = Math.floor(at / c) % (h * w)
    return numbers[(Math.floor(at / (c * h * w)) * c + channel) * h * w + pixel]!
  })
  return { dtype, dims: [n, h, w, c], numbers: moved }
}

/** Samples [start, end). */
function part({ dtype, dims: [, ...dims], numbers }: Values, start: number, end: number): Values {
  const size = dims.reduce((product, dim) => product * dim, 1)
  const rows = Array.from(numbers).slice(start * size, end * size)
  return { dtype, dims: [end - start, ...dims], numbers: rows }
}

const [SAMPLES, CLASSES, SMALL, LARGE] = [3, 6, [12, 10], [24, 20]] as const

/** Scores of 12×10 pixels; labels of 24×20, three of five as the scores say, a tenth 255. */
function maps(): { readonly scores: Values; readonly labels: Values; readonly classes: Values } {
  const { take } = congruential(5)
  const [h, w] = SMALL
  const [height, width] = LARGE
  const scores = take(SAMPLES * CLASSES * h * w)
  const drawn = take(SAMPLES * height * width).map((value) => {
    return value > 0.9 ? 255 : Math.floor((value * 5) / 0.9)
  })
  const kept = take(SAMPLES * height * width)
  const best = (sample: number, pixel: number): number => {
    const own = Array.from(
      { length: CLASSES },
      (_, label) => scores[(sample * CLASSES + label) * h * w + pixel]!,
    )
    return own.indexOf(Math.max(...own))
  }
  const classes = Array.from({ length: SAMPLES * h * w }, (_, at) =>
    best(Math.floor(at / (h * w)), at % (h * w)),
  )
  const labels = drawn.map((label, at) => {
    const [sample, y, x] = [
      Math.floor(at / (height * width)),
      Math.floor(at / width) % height,
      at % width,
    ]
    const decision = classes[sample * h * w + Math.floor(y / 2) * w + Math.floor(x / 2)]!
    return kept[at]! < 0.6 && label !== 255 && decision < 5 ? decision : label
  })
  return {
    scores: values([SAMPLES, CLASSES, h, w], scores),
    labels: values([SAMPLES, height, width], labels, true),
    classes: values([SAMPLES, h, w], classes, true),
  }
}

const SEGMENTATION = {
  output: 'y',
  labels: 'labels',
  labelSize: LARGE,
  layout: 'auto',
  ignoredLabel: 255,
} as const

function meanIou(output: Values, labels: Values, options: object = {}): number | null {
  const task = segmentationTask({ ...SEGMENTATION, ...options })
  const run = task.startMetric()!
  for (let sample = 0; sample < labels.dims[0]!; sample += 1) {
    const decision = task.decide(batchOf(part(output, sample, sample + 1)))
    run.add(decision, new Map([['labels', part(labels, sample, sample + 1)]]))
  }
  return run.value()
}

describe('segmentation', () => {
  const { scores, labels, classes } = maps()
  const MIOU = 0.3933231693524368

  test('miou is that of scikit-learn, whatever the output looks like', () => {
    expect(meanIou(scores, labels)).toBeCloseTo(MIOU, 12)
    expect(meanIou(channelsLast(scores), labels)).toBeCloseTo(MIOU, 12)
    expect(meanIou(classes, labels)).toBeCloseTo(MIOU, 12)
    const flat = { ...classes, dims: [SAMPLES, 1, ...SMALL] }
    expect(meanIou(flat, labels, { layout: 'nchw' })).toBeCloseTo(MIOU, 12)
    expect(meanIou(scores, labels, { ignoredLabel: null })).toBeCloseTo(0.31421606965958393, 12)
  })

  test('the names of the classes do not count', () => {
    const renamed = ({ dtype, dims, numbers }: Values): Values => {
      const names = [300, 4, 0, 2, 1, 7]
      return { dtype, dims, numbers: Array.from(numbers, (label) => names[label] ?? label) }
    }
    expect(meanIou(renamed(classes), renamed(labels))).toBeCloseTo(MIOU, 12)
  })

  test('the labels are 1; without any there is nothing to say', () => {
    expect(meanIou(labels, labels)).toBe(1)
    expect(
      meanIou(labels, { ...labels, numbers: Array.from(labels.numbers, () => 255) }),
    ).toBeNull()
    const below = Array.from(labels.numbers, () => -1)
    expect(meanIou(labels, { ...labels, numbers: below })).toBeNull()
  })

  test('one channel is the probability of class 1', () => {
    const output = values([1, 1, 2, 2], [0.9, 0.1, 0.6, 0.2])
    const truth = values([1, 2, 2], [1, 0, 0, 0], true)
    // Class 1: 1 of 2; class 0: 2 of 3.
    expect(meanIou(output, truth, { labelSize: [2, 2] })).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12)
  })

  test('agreement is the share of equal pixels; scores that are no numbers decide for nothing', () => {
    const task = segmentationTask({ ...SEGMENTATION, labels: null, layout: 'nchw' })
    expect(task.startMetric()).toBeNull()
    const one = task.decide(batchOf(values([1, 2, 2, 2], [1, 0, 1, 0, 0, 1, 0, 1])))
    const other = task.decide(batchOf(values([1, 2, 2, 2], [1, 0, NaN, 1, 0, 1, NaN, 0])))
    expect([...other.classes]).toEqual([0, 1, -1, 0])
    const run = task.startAgreement()
    run.add(one, one)
    run.add(one, other)
    expect(run.value()).toBe((4 + 2) / 8)
  })

  test('what may be read both ways, or holds no pictures, is refused', () => {
    const task = segmentationTask({ ...SEGMENTATION, labelSize: [4, 4] })
    expect(() => task.decide(batchOf(values([1, 4, 4, 4], Array(64).fill(0))))).toThrow(
      /nchw or nhwc/,
    )
    expect(() => task.decide(batchOf(values([1, 8], Array(8).fill(0))))).toThrow(/no pictures/)
    expect(() =>
      meanIou(labels, { ...labels, numbers: Array.from(labels.numbers, () => 70_000) }),
    ).toThrow(/70000/)
  })
})

describe('image to image', () => {
  const { take } = congruential(9)
  const dims = [2, 3, 20, 17]
  const truth = values(dims, take(2 * 3 * 20 * 17))
  const noise = take(2 * 3 * 20 * 17)
  const noisy = values(
    dims,
    Array.from(truth.numbers, (value, at) => value + (noise[at]! - 0.5) * 0.3),
  )
  const RANGE = Math.max(...Array.from(truth.numbers)) - Math.min(...Array.from(truth.numbers))

  function judge(
    metric: 'psnr' | 'ssim',
    range: number,
    one: Values,
    other: Values,
  ): number | null {
    const task = imageTask({ metric, output: 'y', labels: 'labels', layout: 'auto', range })
    const run = task.startMetric()!
    for (let sample = 0; sample < 2; sample += 1) {
      const decision = task.decide(batchOf(part(one, sample, sample + 1)))
      run.add(decision, new Map([['labels', part(other, sample, sample + 1)]]))
    }
    return run.value()
  }

  test('psnr and ssim are those of scikit-image, in both layouts', () => {
    for (const form of [(picture: Values) => picture, channelsLast]) {
      const [one, other] = [form(noisy), form(truth)]
      expect(judge('psnr', 1, one, other)).toBeCloseTo(21.209149295486952, 10)
      expect(judge('ssim', 1, one, other)).toBeCloseTo(0.9552469922412936, 10)
      expect(judge('psnr', RANGE, one, other)).toBeCloseTo(21.20536215164799, 10)
      expect(judge('ssim', RANGE, one, other)).toBeCloseTo(0.9552467761131611, 10)
    }
  })

  test('the unit does not count', () => {
    const bytes = ({ dtype, dims: shape, numbers }: Values): Values => {
      return { dtype, dims: shape, numbers: Array.from(numbers, (value) => 255 * value) }
    }
    for (const metric of ['psnr', 'ssim'] as const) {
      const value = judge(metric, 255, bytes(noisy), bytes(truth))!
      expect(value).toBeCloseTo(judge(metric, 1, noisy, truth)!, 10)
    }
  })

  test('equal pictures have an ssim of 1 and no noise; ssim does not mind the order', () => {
    expect(judge('ssim', 1, truth, truth)).toBeCloseTo(1, 12)
    expect(judge('psnr', 1, truth, truth)).toBeNull()
    expect(judge('ssim', 1, truth, noisy)).toBeCloseTo(judge('ssim', 1, noisy, truth)!, 12)
  })

  test('pictures of other shapes, or smaller than the window, are refused', () => {
    expect(() => judge('psnr', 1, truth, channelsLast(truth))).toThrow(/\[1, 3, 20, 17\]/)
    const small = values([2, 3, 10, 17], take(2 * 3 * 10 * 17))
    expect(() => judge('ssim', 1, small, small)).toThrow(/11×11.*10×17/)
    expect(judge('psnr', 1, small, small)).toBeNull()
  })
})
