// Gives atoms back where an axis would lose all of its indices.

import type { Labels } from './axis-algebra.ts'
import { KeptIndices } from './kept-indices.ts'
import type { AxisTrace } from './trace-axes.ts'

/** The first index of every axis that would be empty stays, with all of its atoms. Changes the set. */
export function keepAxesAlive(trace: AxisTrace, removed: Set<number>): void {
  const axes = new Set<Labels>()
  for (const [, own] of trace.tensors()) for (const labels of own) axes.add(labels)
  for (;;) {
    const kept = new KeptIndices(trace.algebra, removed)
    const empty = [...axes].filter((labels) => labels.size > 0 && kept.count(labels) === 0)
    if (empty.length === 0) return
    for (const labels of empty) {
      const [first = 0] = labels.sets
      for (const atom of trace.algebra.labels.resolve(first)) removed.delete(atom)
    }
  }
}
