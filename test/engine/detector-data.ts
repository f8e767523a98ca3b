// Outputs of detectors for tests: heaps of boxes that overlap.

import type { TaskBatch, Values } from '#engine/evaluate/tasks/task'
import { congruential } from '#test/support/congruential'

export function values(dims: readonly number[], numbers: readonly number[]): Values {
  return { dtype: 'float32', dims, numbers }
}

export function batchOf(
  samples: number,
  outputs: Record<string, Values>,
  sides = [64, 96],
): TaskBatch {
  return {
    samples,
    outputs: new Map(Object.entries(outputs)),
    inputs: new Map([['images', [samples, 3, ...sides]]]),
  }
}

/** 2 pictures of 40 boxes and 3 classes in 8 heaps. */
export function rowsV5(): number[] {
  const { next } = congruential(31)
  return Array.from({ length: 80 }, (_, row) => {
    const heap = row % 8
    const [x, y] = [20 + 25 * heap + next() * 8, 30 + 15 * heap + next() * 8]
    const [w, h] = [30 + next() * 10, 30 + next() * 10]
    return [x, y, w, h, next(), next() ** 3, next() ** 3, next() ** 3]
  }).flat()
}
