// Step sizes that are learnt: each is a factor of what calibration found, s = s₀·max(u, least), and u starts at 1. An optimizer that
// moves all it learns by about as much, as Adam does, then moves steps of any size by the same share.

import type { Value } from '#src/onnx/ir/value'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { ConstantStore } from '../constant-store.ts'
import { append } from './straight-through.ts'

/** A step never becomes negative, nor 0. */
export const LEAST_FACTOR = 1e-3

export interface StepSize {
  /** The initializer that holds u. */
  readonly factor: string
  /** The nodes that read it and s₀. */
  readonly nodes: readonly string[]
  /** s in the graph. */
  readonly value: Value
}

export function appendStepSize(
  store: ConstantStore,
  factor: string,
  dims: readonly number[],
  start: Float32Array,
): StepSize {
  const ones = new Float32Array(start.length).fill(1)
  const { graph } = store
  const learnt = graph.addInitializer(typedTensor(factor, 'float32', dims, ones))
  const base = graph.addInitializer(typedTensor(store.name('s'), 'float32', dims, start))
  const least = store.float32(Float32Array.of(LEAST_FACTOR), [])
  const positive = append(store, 'Clip', [learnt, least])
  const value = append(store, 'Mul', [base, positive])
  const nodes = [positive, value].map(({ producer }) => producer?.name ?? '')
  return { factor, nodes, value }
}

/** s in numbers, exactly as the graph computes it. */
export function learntSteps(start: Float32Array, factors: ArrayLike<number>): Float32Array {
  const least = Math.fround(LEAST_FACTOR)
  return start.map((step, index) => Math.fround(step * Math.max(least, factors[index] ?? 1)))
}

/**
 * What gradients of u are multiplied by, so that plain gradient descent moves s as Esser et al. (2020, §2.2) do: their scale
 * g = 1 ÷ √(N·Q), with N elements per step and Q the largest integer, and ∂u = ∂s·s₀ twice.
 */
export function gradientFactors(start: Float32Array, elements: number, levels: number) {
  const scale = 1 / Math.sqrt(Math.max(1, elements) * levels)
  return start.map((step) => scale / (step * step))
}
