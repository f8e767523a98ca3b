// How long axes were and are.

import type { Value } from '#src/onnx/ir/value'
import type { Removal } from './remove-indices.ts'

export interface SizeChange {
  readonly before: number
  readonly after: number
}

export function changesOf({ trace, kept }: Removal, value: Value | null): SizeChange[] {
  const axes = value === null ? [] : trace.axesOf(value)
  return axes.map((labels) => ({ before: labels.size, after: kept.count(labels) }))
}

export function isChanged({ before, after }: SizeChange): boolean {
  return before !== after
}

/** In lowest terms. */
export function reduced({ before, after }: SizeChange): SizeChange {
  let [divisor, rest] = [before, after]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return { before: before / divisor, after: after / divisor }
}
