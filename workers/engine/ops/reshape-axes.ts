// How a reshape factors its axes: which factors of the element count the axes of either side are made of.

import type { AxisContext, AxisLabels } from './axis-context.ts'
import { inputShape, outputShape } from './pass-axes.ts'

interface Side {
  /** For each axis, the factors it is the product of, the last one running fastest. */
  readonly axes: readonly (readonly number[])[]
}

export interface Factorization {
  readonly input: Side
  readonly output: Side
  /** Input axes that share a block with output axes without a common refinement (4×6 → 6×4). */
  readonly frozenInputs: readonly number[]
  readonly frozenOutputs: readonly number[]
}

/** Products of the sizes from each axis to the last, with 1 at the end. */
function suffixProducts(shape: readonly number[]): number[] {
  const products = [1]
  for (const size of shape.toReversed()) products.push((products.at(-1) ?? 1) * size)
  return products.toReversed()
}

/** The cuts strictly between two products, both included, each dividing the next; `none` when one does not. */
function chain(cuts: readonly number[]): boolean {
  return cuts.every((cut, index) => index === 0 || cut % (cuts[index - 1] ?? 1) === 0)
}

/**
 * Both sides cut at the union of their suffix products. Where these form a chain of divisors, an axis is the product of the
 * ratios between its cuts; blocks between products that both sides have are judged one by one.
 */
export function factorize(input: readonly number[], output: readonly number[]): Factorization {
  const inputProducts = suffixProducts(input)
  const outputProducts = suffixProducts(output)
  const cuts = [...new Set([...inputProducts, ...outputProducts])].sort((a, b) => a - b)
  const shared = cuts.filter((cut) => inputProducts.includes(cut) && outputProducts.includes(cut))
  const broken: [number, number][] = []
  for (const [index, low] of shared.entries()) {
    const high = shared[index + 1]
    if (high === undefined) continue
    if (!chain(cuts.filter((cut) => cut >= low && cut <= high))) broken.push([low, high])
  }
  const side = (products: readonly number[]): Side & { readonly frozen: number[] } => {
    const frozen: number[] = []
    const axes = products.slice(1).map((low, axis) => {
      const high = products[axis] ?? 1
      if (broken.some(([from, to]) => low >= from && high <= to && high > low)) frozen.push(axis)
      const own = cuts.filter((cut) => cut >= low && cut <= high)
      return own
        .slice(1)
        .map((cut, index) => cut / (own[index] ?? 1))
        .toReversed()
    })
    return { axes, frozen }
  }
  const [from, to] = [side(inputProducts), side(outputProducts)]
  return { input: from, output: to, frozenInputs: from.frozen, frozenOutputs: to.frozen }
}

/** Splits every input axis at the common factors and merges them to the output's axes. */
export function reshapeAxes(context: AxisContext): void {
  const [input, output] = [inputShape(context, 0), outputShape(context, 0)]
  if (input.includes(0)) return freezeAll(context, input.length)
  const factors = factorize(input, output)
  const labels: AxisLabels[] = []
  for (const [axis, sizes] of factors.input.axes.entries()) {
    const own = context.input(0, axis)
    if (factors.frozenInputs.includes(axis)) {
      context.freeze(own, 'reshaped across its bounds')
    } else if (sizes.length === 1) labels.push(own)
    else if (sizes.length > 1) labels.push(...context.split(own, sizes))
  }
  for (const [axis, sizes] of factors.output.axes.entries()) {
    if (factors.frozenOutputs.includes(axis) || sizes.length === 0) continue
    const own = labels.splice(0, sizes.length)
    const [only] = own
    if (only !== undefined) context.output(0, axis, own.length === 1 ? only : context.merge(own))
  }
}

function freezeAll(context: AxisContext, rank: number): void {
  for (let axis = 0; axis < rank; axis += 1) context.freeze(context.input(0, axis), 'empty tensor')
}
