// Moves and combines elements of tensors known in part.

import { tensorSize } from '../ir/tensor.ts'
import type { Element } from './element.ts'
import type { PartialTensor } from './partial-tensor.ts'
import { MAX_ELEMENTS } from './partial-tensor.ts'
import type { MaybeSize } from './symbols.ts'

/** Row-major strides, in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1)
  for (let axis = dims.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1)
  }
  return strides
}

/** The dimensions when all are numbers and their product is small enough to follow; else `null`. */
export function smallDims(shape: readonly MaybeSize[] | null): number[] | null {
  if (shape === null) return null
  const dims: number[] = []
  for (const dim of shape) {
    if (typeof dim !== 'number' || dim < 0) return null
    dims.push(dim)
  }
  return tensorSize({ dims }) <= MAX_ELEMENTS ? dims : null
}

/** An element for each index of `dims`, in row-major order. */
export function generate(
  dims: readonly number[],
  elementAt: (index: readonly number[]) => Element,
): Element[] {
  const index = dims.map(() => 0)
  return Array.from({ length: tensorSize({ dims }) }, () => {
    const element = elementAt(index)
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1
      index[axis] = next < (dims[axis] ?? 0) ? next : 0
      if (next < (dims[axis] ?? 0)) break
    }
    return element
  })
}

/** Reads `data` as if it were broadcast to more dimensions. */
export function broadcastReader(data: PartialTensor): (index: readonly number[]) => Element {
  const strides = stridesOf(data.dims).map((stride, axis) => (data.dims[axis] === 1 ? 0 : stride))
  return (index) => {
    const skipped = index.length - strides.length
    let flat = 0
    for (const [axis, stride] of strides.entries()) flat += stride * (index[axis + skipped] ?? 0)
    return data.elements[flat] ?? null
  }
}

/** Elements of an elementwise operator with broadcasting; `null` when an input is not followed. */
export function combine(
  shape: readonly MaybeSize[] | null,
  inputs: readonly (PartialTensor | null)[],
  operation: (elements: readonly Element[]) => Element,
): Element[] | null {
  const dims = smallDims(shape)
  if (dims === null) return null
  const readers: ((index: readonly number[]) => Element)[] = []
  for (const data of inputs) {
    if (data === null) return null
    readers.push(broadcastReader(data))
  }
  return generate(dims, (index) => operation(readers.map((read) => read(index))))
}

/** Elements of `shape`, each read from `data` at the index that `source` gives. */
export function move(
  data: PartialTensor | null,
  shape: readonly MaybeSize[] | null,
  source: (index: readonly number[]) => readonly number[],
): Element[] | null {
  const dims = data === null ? null : smallDims(shape)
  if (data === null || dims === null) return null
  const strides = stridesOf(data.dims)
  return generate(dims, (index) => {
    let flat = 0
    for (const [axis, at] of source(index).entries()) flat += at * (strides[axis] ?? 0)
    return data.elements[flat] ?? null
  })
}
