// What outputs decide when no task is named: pixels of maps, rows of scores.

import { describe, expect, test } from 'vitest'
import { mapLayout } from '#engine/evaluate/map-agreement'
import { outputsTask } from '#engine/evaluate/tasks/outputs-task'
import type { TaskBatch, Values } from '#engine/evaluate/tasks/task'

const PICTURE = new Map([['x', [1, 3, 8, 12]]])

function agreement(dims: readonly number[], reference: number[], actual: number[]): number | null {
  const task = outputsTask(null)
  const run = task.startAgreement()
  const decide = (numbers: number[]): TaskBatch => {
    const output: Values = { dtype: 'float32', dims, numbers }
    return task.decide({ samples: 1, outputs: new Map([['y', output]]), inputs: PICTURE })
  }
  run.add(decide(reference), decide(actual))
  return run.value()
}

/** 96 pixels: those listed have the value, the others the background's. */
function plane(pixels: readonly number[], value: number, background: number): number[] {
  return Array.from({ length: 96 }, (_, pixel) => (pixels.includes(pixel) ? value : background))
}

describe('a single channel', () => {
  const marked = Array.from({ length: 20 }, (_, pixel) => pixel + 30)
  const moved = [...marked.slice(2), 50, 51]

  test('of probabilities is a mask above a half: intersection ÷ union, not the share of pixels', () => {
    const [one, other] = [plane(marked, 0.9, 0.2), plane(moved, 0.6, 0.4)]
    for (const dims of [
      [1, 1, 8, 12],
      [1, 8, 12, 1],
      [1, 8, 12],
    ]) {
      expect(agreement(dims, one, other)).toBeCloseTo(18 / 22, 12)
    }
  })

  test('of both signs is a mask above 0', () => {
    const value = agreement([1, 1, 8, 12], plane(marked, 3, -2), plane(moved, 0.1, -0.1))
    expect(value).toBeCloseTo(18 / 22, 12)
  })

  test('of a mask that covers most, the rest counts', () => {
    const rest = Array.from({ length: 96 }, (_, pixel) => pixel).filter((p) => p >= 10)
    const value = agreement([1, 1, 8, 12], plane(rest, 0.9, 0), plane(rest.slice(1), 0.9, 0))
    expect(value).toBeCloseTo(10 / 11, 12)
  })

  test('without a level to decide at, or all of one class, decides nothing', () => {
    expect(agreement([1, 1, 8, 12], plane(marked, 9, 2), plane(marked, 9, 2))).toBeNull()
    expect(agreement([1, 1, 8, 12], plane([], 1, 0.1), plane([], 1, 0.2))).toBeNull()
  })
})

test('several channels decide for the greatest; the commonest class is left out', () => {
  const scores = (classes: number[]): number[] =>
    [0, 1, 2].flatMap((channel) => classes.map((own) => (own === channel ? 5 : 1)))
  const classes = plane([], 0, 0).map((_, pixel) => (pixel < 6 ? 1 : pixel < 10 ? 2 : 0))
  const other = classes.map((own, pixel) => (pixel === 0 || pixel === 95 ? 2 : own))
  // 10 pixels of classes 1 and 2 and one more in the other; 9 are the same.
  expect(agreement([1, 3, 8, 12], scores(classes), scores(other))).toBeCloseTo(9 / 11, 12)
})

test('rows decide along the last axis that holds something', () => {
  const one = [0, 1, 1, 0]
  const other = [0, 2, 0, 3]
  expect(agreement([2, 2], one, other)).toBe(0.5)
  expect(agreement([2, 2, 1, 1], one, other)).toBe(0.5)
  expect(agreement([4, 1], one, other)).toBeNull()
})

test.each([
  [[1, 21, 8, 12], [65, 97], 'nchw'],
  [[1, 9, 13, 4], [72, 104], 'nhwc'],
  [[1, 8, 12], [64, 96], 'plane'],
  [[1, 40, 97], [32, 320], null],
  [[1, 1, 40, 97], [32, 320], null],
  [[1, 1000, 1, 1], [224, 224], null],
  [[1, 10], [28, 28], null],
  [[1, 1, 8, 8], null, null],
] as const)('%j of a picture %j: %s', (dims, size, layout) => {
  expect(mapLayout(dims, size)).toBe(layout)
})
