// n:m masks: of every m neighbours along the axis that is summed over, the n most important stay.

import type { MaskRule } from './weight-masks.ts'

/**
 * Convolutions sum over their input channels, the second axis, position by position of the window; depthwise ones sum over one and
 * stay whole. A last, shorter group keeps n.
 */
export function nmMask(n: number, m: number): MaskRule {
  return (weights) =>
    weights.map(({ reading, scores }) => {
      const { dims } = reading.tensor
      const isMatrix = dims.length === 2 && reading.axis !== 'none'
      const axis = isMatrix ? reading.axis : 1
      return maskAlong(scores, dims, { axis, n, m })
    })
}

interface Groups {
  readonly axis: number
  readonly n: number
  readonly m: number
}

function maskAlong(
  scores: Float32Array,
  dims: readonly number[],
  { axis, n, m }: Groups,
): Uint8Array {
  const size = dims[axis] ?? 1
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const mask = new Uint8Array(scores.length).fill(1)
  for (let start = 0; start < scores.length; start += size * inner) {
    for (let offset = 0; offset < inner; offset += 1) {
      for (let first = 0; first < size; first += m) {
        const length = Math.min(m, size - first)
        const places = Array.from(
          { length },
          (_, index) => start + (first + index) * inner + offset,
        )
        places.sort((one, other) => (scores[one] ?? 0) - (scores[other] ?? 0))
        for (const place of places.slice(0, Math.max(0, length - n))) mask[place] = 0
      }
    }
  }
  return mask
}
