// A constant whose indices along an axis change places, in each row by an order of its own.

import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { rawTensor } from '#src/onnx/ir/tensor'
import { tensorBytes } from '#src/onnx/tensor-values'
import type { RowPlaces } from './row-places.ts'

/** By the name of a row: the atom whose place in it each atom takes. */
export type RowOrders = ReadonlyMap<string, readonly number[]>

/** Which index each index takes its elements from; `null` where rows do not hold every atom equally often, in one sequence. */
function sourcesAt(
  size: number,
  places: RowPlaces,
  orders: RowOrders,
  other: number,
): number[] | null {
  const cells = new Map<string, number[][]>()
  for (let index = 0; index < size; index += 1) {
    const row = places.row(index, other)
    if (row === null) continue
    const own = cells.get(row) ?? []
    cells.set(row, own)
    ;(own[places.atomAt(index)] ??= []).push(index)
  }
  const sources = Array.from({ length: size }, (_, index) => index)
  for (const [row, own] of cells) {
    const order = orders.get(row)
    if (order === undefined || !isRegular(own, order.length)) return null
    for (const [atom, from] of order.entries()) {
      for (const [turn, index] of (own[atom] ?? []).entries()) {
        sources[index] = own[from]?.[turn] ?? index
      }
    }
  }
  return sources
}

/** The first places of all atoms follow each other as the second ones do, and so on: each is a copy of the row. */
function isRegular(cells: readonly (readonly number[] | undefined)[], atoms: number): boolean {
  const [first] = cells
  if (cells.length !== atoms || first === undefined) return false
  return cells.every((own, atom) => {
    const next = cells[atom + 1]
    if (own?.length !== first.length) return false
    if (next === undefined) return true
    const [start = 0] = own
    const [nextStart = 0] = next
    return own.every((index, turn) => index < (next[turn] ?? -1) === start < nextStart)
  })
}

/** `null` where it cannot be done. */
export function reorderRows(
  tensor: Tensor,
  axis: number,
  places: RowPlaces,
  orders: RowOrders,
): Tensor | null {
  const { bits } = DATA_TYPES[tensor.dtype]
  if (bits === 'none' || bits < 8) return null
  const { dims } = tensor
  const size = dims[axis] ?? 1
  const others = places.other === 'none' ? 1 : (dims[places.other] ?? 1)
  const shifts: Int32Array[] = []
  for (let at = 0; at < others; at += 1) {
    const sources = sourcesAt(size, places, orders, at)
    if (sources === null) return null
    shifts.push(Int32Array.from(sources, (from, index) => from - index))
  }
  const strideOf = (of: number) => dims.slice(of + 1).reduce((product, dim) => product * dim, 1)
  const stride = strideOf(axis)
  const otherStride = places.other === 'none' ? 1 : strideOf(places.other)
  const bytes = tensorBytes(tensor)
  const width = bits / 8
  const moved = new Uint8Array(bytes.byteLength)
  // Elements up to the next step of either axis lie together.
  const run = Math.min(stride, places.other === 'none' ? stride : otherStride)
  for (let at = 0; at < bytes.byteLength / width; at += run) {
    const other = places.other === 'none' ? 0 : Math.floor(at / otherStride) % others
    const shift = shifts[other]?.[Math.floor(at / stride) % size] ?? 0
    const from = (at + shift * stride) * width
    moved.set(bytes.subarray(from, from + run * width), at * width)
  }
  return rawTensor(tensor.name, tensor.dtype, dims, moved)
}
