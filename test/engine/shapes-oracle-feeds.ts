// Inputs to run a model on.

import type { DataType } from '#src/onnx/ir/data-type'
import { byteLength } from '#src/onnx/ir/data-type'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { Feed } from './shapes-oracle-session.ts'

/** A tensor of the input's type; symbols and unknown sizes take the size that stands at their axis. */
export function makeFeed(
  value: Value,
  symbols: Map<string, number>,
  sizes: readonly number[],
): Feed | null {
  const { type } = value
  if (type?.kind !== 'tensor' || type.dtype === 'none' || type.shape === null) return null
  const dims = type.shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim
    const size = sizes[axis] ?? 4
    if (dim === null) return size
    const known = symbols.get(dim) ?? size
    symbols.set(dim, known)
    return known
  })
  const length = byteLength(type.dtype, tensorSize({ dims }))
  if (length === 'none') return null
  return { name: value.name, type: type.dtype, dims, data: numbers(type.dtype, length) }
}

/** Floats in [0, 1) from a linear congruential generator (seed 1); zeros for other types. */
function numbers(dtype: DataType, length: number): string {
  const bytes = Buffer.alloc(length)
  if (dtype === 'float32') {
    let state = 1
    for (let at = 0; at < length; at += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      bytes.writeFloatLE(state / 2 ** 32, at)
    }
  }
  return bytes.toString('base64')
}
