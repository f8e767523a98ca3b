// Sum of two convolutions of the same input → one: W = W₁ + W₂ with the smaller window laid into the middle of the larger one, b = b₁
// + b₂ (structural re-parameterization: Ding et al. 2021). A BatchNormalization beside a convolution is one of window 1×1.

import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { float32Constant } from './constants.ts'
import { batchNormAffine } from './fuse-batch-norm.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

interface Linear {
  readonly weights: Float32Array
  /** Per output channel. */
  readonly bias: Float32Array
  readonly window: readonly number[]
}

export const mergeParallelConvs: NodeRule = {
  name: 'merge-parallel-convs',
  apply: (node, { names }) => {
    if (!node.is('Add') || node.input(0) === node.input(1)) return 'unmatched'
    const sides = [soleProducer(node.input(0), node), soleProducer(node.input(1), node)]
    const wide = sides.filter((side) => side?.is('Conv') ?? false).toSorted(byWindow)[0] ?? null
    const other = sides.find((side) => side !== wide) ?? null
    if (wide === null || other === null || wide.graph === null) return 'unmatched'
    if (wide.input(0) !== other.input(0)) return 'unmatched'
    const [kept, added] = [linearOf(wide), formOf(other, wide)]
    if (kept === null || added === null) return 'unmatched'
    const merged = laidInto(kept, added)
    if (merged === null || !merged.weights.every(Number.isFinite)) return 'unmatched'
    const { graph } = wide
    const dims = wide.input(1)?.constant?.dims ?? []
    const weight = typedTensor(names.make('merged_weight'), 'float32', dims, merged.weights)
    const length = merged.bias.length
    const bias = typedTensor(names.make('merged_bias'), 'float32', [length], merged.bias)
    wide.setInput(1, graph.addInitializer(weight))
    wide.setInput(2, graph.addInitializer(bias))
    const result = wide.output(0)
    if (result === null) return 'unmatched'
    bypass(node, result)
    graph.remove(other)
    return 'applied'
  },
}

function byWindow(one: Node | null, other: Node | null): number {
  const size = (node: Node | null): number =>
    (node?.input(1)?.constant?.dims ?? []).slice(2).reduce((product, dim) => product * dim, 1)
  return size(other) - size(one)
}

function linearOf(node: Node): Linear | null {
  const weights = float32Constant(node.input(1))
  const dims = node.input(1)?.constant?.dims
  const outputs = dims?.[0]
  if (weights === null || dims === undefined || outputs === undefined) return null
  const bias = node.input(2) === null ? new Float32Array(outputs) : float32Constant(node.input(2))
  return bias?.length === outputs ? { weights, bias, window: dims.slice(2) } : null
}

/** `node` as a convolution that steps as `wide` does and sees the middle of its window; `null` when it is none. */
function formOf(node: Node, wide: Node): Linear | null {
  const window = (wide.input(1)?.constant?.dims ?? []).slice(2)
  if (!isCentred(wide, window)) return null
  if (node.is('BatchNormalization')) {
    const isSame = (wide.ints('strides') ?? []).every((stride) => stride === 1)
    return isSame ? normalizationAsConv(node, wide) : null
  }
  const form = node.is('Conv') ? linearOf(node) : null
  if (form === null || !isCentred(node, form.window)) return null
  const isAlike =
    node.int('group', 1) === wide.int('group', 1) &&
    stepsOf(node, 'strides', window.length) === stepsOf(wide, 'strides', window.length)
  const isDilated = [node, wide].some((conv) => (conv.ints('dilations') ?? []).some((by) => by > 1))
  return isAlike && !isDilated ? form : null
}

function stepsOf(node: Node, attribute: string, rank: number): string {
  return (node.ints(attribute) ?? new Array<number>(rank).fill(1)).join()
}

/** Odd windows, padded by half of themselves. */
function isCentred(node: Node, window: readonly number[]): boolean {
  if (node.string('auto_pad', 'NOTSET') !== 'NOTSET') return false
  const pads = node.ints('pads') ?? new Array<number>(2 * window.length).fill(0)
  return window.every((size, axis) => {
    const half = (size - 1) / 2
    return size % 2 === 1 && pads[axis] === half && pads[axis + window.length] === half
  })
}

function normalizationAsConv(node: Node, wide: Node): Linear | null {
  const affine = node.int('training_mode', 0) === 0 ? batchNormAffine(node) : null
  const dims = wide.input(1)?.constant?.dims ?? []
  const [outputs = 0, within = 0] = dims
  if (affine?.scale.length !== outputs || within * wide.int('group', 1) !== outputs) return null
  const weights = new Float32Array(outputs * within)
  for (let output = 0; output < outputs; output += 1) {
    // The input channel of the same number, within its group.
    weights[output * within + (output % within)] = affine.scale[output] ?? 0
  }
  return { weights, bias: Float32Array.from(affine.shift), window: dims.slice(2).map(() => 1) }
}

function laidInto(wide: Linear, narrow: Linear): Linear | null {
  const size = (window: readonly number[]): number =>
    window.reduce((product, dim) => product * dim, 1)
  const [area, inner] = [size(wide.window), size(narrow.window)]
  if (wide.weights.length / area !== narrow.weights.length / inner) return null
  if (narrow.window.some((dim, axis) => dim > (wide.window[axis] ?? 0))) return null
  const weights = Float32Array.from(wide.weights)
  const positions = middleOf(wide.window, narrow.window)
  narrow.weights.forEach((value, index) => {
    const at = Math.floor(index / inner) * area + (positions[index % inner] ?? 0)
    weights[at] = (weights[at] ?? 0) + value
  })
  return { ...wide, weights, bias: wide.bias.map((value, at) => value + (narrow.bias[at] ?? 0)) }
}

/** Flat positions of a small window in the middle of a larger one. */
function middleOf(window: readonly number[], inner: readonly number[]): number[] {
  let positions = [0]
  window.forEach((size, axis) => {
    const part = inner[axis] ?? 1
    const margin = (size - part) / 2
    positions = positions.flatMap((position) =>
      Array.from({ length: part }, (_, offset) => position * size + margin + offset),
    )
  })
  return positions
}
