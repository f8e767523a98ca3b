// Task metrics against values worked out by hand or by another program.

import { describe, expect, test } from 'vitest'
import { startAgreement } from '#engine/evaluate/agreement'
import type { MetricBatch } from '#engine/evaluate/metrics/metric'
import type { MetricName } from '#engine/evaluate/metrics/metrics'
import { METRICS } from '#engine/evaluate/metrics/metrics'
import { startNoise } from '#engine/evaluate/signal-to-noise'
import { congruential } from '#test/support/congruential'

/** All rows at once and row by row must give the same. */
function valueOf(
  name: MetricName,
  outputs: readonly (readonly number[])[],
  labels: readonly (readonly number[])[],
  areClasses = false,
): number | null {
  const batch = (from: number, to: number): MetricBatch => ({
    samples: to - from,
    outputs: outputs.slice(from, to).flat(),
    width: outputs[0]!.length,
    areClasses,
    labels: labels.slice(from, to).flat(),
    labelWidth: labels[0]!.length,
  })
  const whole = METRICS[name].start()
  whole.add(batch(0, outputs.length))
  const parts = METRICS[name].start()
  for (let row = 0; row < outputs.length; row += 1) parts.add(batch(row, row + 1))
  const value = whole.value()
  const inParts = parts.value()
  if (value === null) expect(inParts).toBeNull()
  else expect(inParts).toBeCloseTo(value, 12)
  return value
}

const SCORES = [
  [0.1, 0.7, 0.2],
  [0.5, 0.3, 0.2],
  [0.2, 0.3, 0.5],
  [0.4, 0.35, 0.25],
]

describe('classification', () => {
  test('top1 counts labels with the highest score; equal scores go to the lower class', () => {
    expect(valueOf('top1', SCORES, [[1], [0], [2], [1]])).toBe(0.75)
    expect(valueOf('top1', [[0.5, 0.5]], [[0]])).toBe(1)
    expect(valueOf('top1', [[0.5, 0.5]], [[1]])).toBe(0)
  })

  test('a score that is not a number never counts as right', () => {
    expect(valueOf('top1', [[NaN, NaN]], [[0]])).toBe(0)
    expect(valueOf('top1', [[NaN, 1]], [[1]])).toBe(1)
  })

  test('labels outside the scores are wrong', () => {
    expect(valueOf('top1', SCORES, [[3], [-1], [2], [0]])).toBe(0.5)
  })

  test('one column is the probability of class 1, or the class itself', () => {
    expect(valueOf('top1', [[0.9], [0.2]], [[1], [1]])).toBe(0.5)
    expect(valueOf('top1', [[7], [3]], [[7], [3]], true)).toBe(1)
  })

  test('top5 takes the five highest', () => {
    const row = [9, 8, 7, 6, 5, 4]
    expect(valueOf('top5', [row, row], [[4], [5]])).toBe(0.5)
    const equal = [1, 1, 1, 1, 1, 1]
    expect(valueOf('top5', [equal, equal], [[4], [5]])).toBe(0.5)
  })

  test('f1_macro is the mean over classes of 2·TP / (2·TP + FP + FN)', () => {
    // Decisions 1 0 2 0, labels 1 0 2 1: class 0 2/3, class 1 2/3, class 2 1.
    expect(valueOf('f1_macro', SCORES, [[1], [0], [2], [1]])).toBeCloseTo((2 / 3 + 2 / 3 + 1) / 3)
  })

  test('auc is the share of ordered pairs, ties counting half', () => {
    const scores = [[0.1], [0.4], [0.35], [0.8], [0.4]]
    const labels = [[0], [0], [1], [1], [1]]
    // Pairs (positive, negative): .35>.1, .35<.4, .8>.1, .8>.4, .4>.1, .4=.4.
    expect(valueOf('auc', scores, labels)).toBeCloseTo(4.5 / 6)
    const two = scores.map(([score]) => [1 - score!, score!])
    expect(valueOf('auc', two, labels)).toBeCloseTo(4.5 / 6)
  })

  test('auc of one class is not determined', () => {
    expect(valueOf('auc', [[0.1], [0.9]], [[1], [1]])).toBeNull()
  })
})

describe('regression', () => {
  const outputs = [
    [1, 2],
    [3, 5],
  ]
  const labels = [
    [1, 4],
    [3, 4],
  ]

  test('mse, mae and r2', () => {
    expect(valueOf('mse', outputs, labels)).toBe(5 / 4)
    expect(valueOf('mae', outputs, labels)).toBe(3 / 4)
    // Labels 1 4 3 4 have mean 3 and spread 6; residual 5.
    expect(valueOf('r2', outputs, labels)).toBeCloseTo(1 - 5 / 6)
  })

  test('r2 of constant labels is not determined', () => {
    expect(valueOf('r2', [[1], [2]], [[2], [2]])).toBeNull()
  })
})

describe('against scikit-learn 1.9.1, on data made alike', () => {
  const rows = (numbers: readonly number[], width: number): number[][] =>
    Array.from({ length: numbers.length / width }, (_, row) =>
      numbers.slice(row * width, (row + 1) * width),
    )
  const { take } = congruential(21)
  const scores = rows(take(60 * 7), 7)
  const classes = take(60).map((value) => [Math.floor(value * 7)])
  for (const [row, [label]] of classes.entries()) scores[row]![label!]! += 0.25
  const truth = take(40)
  const outputs = take(40).map((value, index) => truth[index]! + (value - 0.5) * 0.5)

  // top_k_accuracy_score, f1_score, mean of roc_auc_score of each class against the rest, mean_squared_error,
  // mean_absolute_error, r2_score of all numbers in one column.
  test.each([
    ['top1', 0.4],
    ['top5', 0.9333333333333333],
    ['f1_macro', 0.36477796929742007],
    ['auc', 0.7162163813275673],
  ] as const)('%s', (name, value) => {
    expect(valueOf(name, scores, classes)).toBeCloseTo(value, 12)
  })

  test.each([
    ['mse', 0.014582884582928939],
    ['mae', 0.10414834413095378],
    ['r2', 0.8018097694934267],
  ] as const)('%s', (name, value) => {
    expect(valueOf(name, rows(outputs, 2), rows(truth, 2))).toBeCloseTo(value, 12)
  })
})

describe('against the original', () => {
  test('agreement counts equal decisions along the last axis', () => {
    const run = startAgreement()
    run.add([0, 1, 1, 0], [0, 2, 0, 3], 2)
    expect(run.value()).toBe(0.5)
  })

  test('outputs without alternatives agree on nothing', () => {
    const run = startAgreement()
    run.add([0, 1], [0, 1], 1)
    expect(run.value()).toBeNull()
  })

  test('noise of a tenth of the signal is 20 dB; infinite scores are no signal', () => {
    const run = startNoise()
    run.add([10, -10, -Infinity], [11, -9, -Infinity])
    expect(run.value()).toBeCloseTo(20, 10)
    expect(run.isEqual()).toBe(false)
  })

  test('equal outputs have no noise', () => {
    const run = startNoise()
    run.add([1, 2], [1, 2])
    expect(run.value()).toBeNull()
    expect(run.isEqual()).toBe(true)
  })
})
