// Einsum of one variable and one constant that is a matrix product → MatMul, which has a prepacked kernel and one of integers. Axes
// of either side that are several become one by Reshape, what lies in another order is turned: Σ_k x[…, m, k] · w[k, n].

import { intsAttribute } from '#src/onnx/ir/attribute'
import { isFloat } from '#src/onnx/ir/data-type'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { equationOf, withoutEllipsis } from '../ops/einsum.ts'
import type { NodeRule, RuleContext } from './pass.ts'
import { bypass } from './sole-consumer.ts'

export const einsumToMatMul: NodeRule = {
  name: 'einsum-to-matmul',
  apply: (node, context) => {
    if (!node.is('Einsum') || node.inputs.length !== 2) return 'unmatched'
    const constants = node.inputs.map((value) => value?.constant ?? null)
    const at = constants.findIndex((tensor) => tensor !== null)
    const [x, weight] = [node.input(1 - at), node.input(at)]
    if (at < 0 || x === null || x.constant !== null || weight === null) return 'unmatched'
    const plan = planOf(node, at, x, weight, context)
    if (typeof plan === 'string') return { declined: plan }
    emit(node, plan, x, weight, context)
    return 'applied'
  },
}

interface Product {
  /** Letters of both operands as the product takes them, of what it gives, and of the result. */
  readonly left: readonly string[]
  readonly right: readonly string[]
  readonly made: readonly string[]
  readonly result: readonly string[]
  readonly operands: readonly [readonly string[], readonly string[]]
  /** Letters that both operands and the result have. */
  readonly stacked: number
  readonly summed: number
  /** Sizes of the weight's letters. */
  readonly sizes: ReadonlyMap<string, number>
}

function planOf(
  node: Node,
  at: number,
  x: Value,
  weight: Value,
  { facts }: RuleContext,
): Product | string {
  const type = facts.type(x)
  const shape = type?.kind === 'tensor' ? type.shape : null
  const dims = weight.constant?.dims ?? []
  if (!shape) return 'the rank of what it multiplies is not known'
  if (!isFloat(weight.constant?.dtype ?? 'int64')) return 'it multiplies integers'
  const ranks = at === 1 ? [shape.length, dims.length] : [dims.length, shape.length]
  const { operands, result } = withoutEllipsis(equationOf(node), ranks)
  const [own, others] = [[...(operands[1 - at] ?? '')], [...(operands[at] ?? '')]]
  const out = [...result]
  const repeated = [own, others, out].some((letters) => new Set(letters).size < letters.length)
  if (repeated) return 'it takes a diagonal'
  const shared = own.filter((letter) => others.includes(letter))
  const summed = shared.filter((letter) => !out.includes(letter))
  const stacked = shared.filter((letter) => out.includes(letter))
  const rows = out.filter((letter) => own.includes(letter) && !others.includes(letter))
  const columns = out.filter((letter) => others.includes(letter) && !own.includes(letter))
  if (summed.length + stacked.length + rows.length < own.length) return 'it sums one operand alone'
  const used = summed.length + stacked.length + columns.length
  if (used < others.length) return 'it sums its weight alone'
  if (summed.length === 0 || rows.length === 0 || columns.length === 0) {
    return 'it is no product of matrices'
  }
  const sizes = new Map(others.map((letter, axis) => [letter, dims[axis] ?? 1]))
  // A size of one would be repeated.
  const isSame = shared.every((letter) => shape[own.indexOf(letter)] === sizes.get(letter))
  if (!isSame) return 'the axes it multiplies along are not known to be of one size'
  const product = { operands: [own, others], result: out, sizes } as const
  if (stacked.length === 0) {
    const counts = { stacked: 0, summed: summed.length }
    const made = { left: [...rows, ...summed], right: [...summed, ...columns] }
    return { ...product, ...made, made: [...rows, ...columns], ...counts }
  }
  const isPlain = summed.length === 1 && columns.length === 1
  const made = [...out.slice(0, -2), rows.at(-1) ?? '', ...columns]
  const left = [...made.slice(0, -1), ...summed]
  const isStack = made.slice(-2 - stacked.length, -2).join() === stacked.join()
  if (!isPlain || !isStack || made.join() !== out.join() || left.join() !== own.join()) {
    return 'its weight is a stack of matrices in another order'
  }
  const right = [...stacked, ...summed, ...columns]
  return { ...product, left, right, made, stacked: stacked.length, summed: 1 }
}

function emit(node: Node, plan: Product, x: Value, weight: Value, context: RuleContext): void {
  const { left, right, made, result, operands, sizes, summed, stacked } = plan
  const rows = left.length - summed
  const add = (opType: string, inputs: readonly Value[], perm?: readonly number[]): Value => {
    const name = context.names.make(`${node.output(0)?.name ?? 'product'}_product`)
    const attributes = perm === undefined ? [] : [intsAttribute('perm', perm)]
    const made = makeNode(opType, inputs, [name], attributes)
    node.graph?.insertBefore(made, node)
    const output = made.output(0)
    if (output === null) throw new Error(`${opType} has one output`)
    if (opType === 'MatMul') made.name = node.name
    return output
  }
  const turned = (value: Value, from: readonly string[], to: readonly string[]): Value => {
    if (from.join() === to.join()) return value
    return add(
      'Transpose',
      [value],
      to.map((letter) => from.indexOf(letter)),
    )
  }
  /** A size of zero is copied. */
  const shaped = (value: Value, dims: readonly number[]): Value => {
    const name = context.names.make('product_shape')
    const sizesOf = BigInt64Array.from(dims, BigInt)
    const shape = typedTensor(name, 'int64', [dims.length], sizesOf)
    return add('Reshape', [value, context.model.graph.addInitializer(shape)])
  }
  const sizeOf = (letters: readonly string[]): number =>
    letters.reduce((product, letter) => product * (sizes.get(letter) ?? 1), 1)
  const depth = sizeOf(left.slice(rows))
  const columns = right.slice(stacked + summed)
  const kept = new Array<number>(rows).fill(0)
  let [one, other] = [turned(x, operands[0], left), turned(weight, operands[1], right)]
  if (summed > 1) one = shaped(one, [...kept, depth])
  if (summed > 1 || columns.length > 1) other = shaped(other, [depth, sizeOf(columns)])
  let product = add('MatMul', [one, other])
  if (columns.length > 1) {
    product = shaped(product, [...kept, ...columns.map((letter) => sizes.get(letter) ?? 1)])
  }
  bypass(node, turned(product, made, result))
}
