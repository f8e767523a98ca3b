// MatMul of two matrices followed by Add of a constant row → Gemm.

import { makeNode } from '#src/onnx/ir/node'
import { float32Constant } from './constants.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

export const fuseMatMulAdd: NodeRule = {
  name: 'fuse-matmul-add',
  apply: (node, { facts, names }) => {
    if (!node.is('Add') || node.graph === null) return 'unmatched'
    const [left, right] = [node.input(0), node.input(1)]
    const [data, row] = right?.constant == null ? [right, left] : [left, right]
    const product = soleProducer(data, node)
    const values = float32Constant(row)
    if (product === null || !product.is('MatMul') || row === null || values === null) {
      return 'unmatched'
    }
    const [x, weight] = [product.input(0), product.input(1)]
    const columns = weight?.constant?.dims[1]
    if (x === null || weight?.constant?.dims.length !== 2 || columns === undefined) {
      return 'unmatched'
    }
    const type = facts.type(x)
    if (type?.kind !== 'tensor' || type.shape?.length !== 2) {
      return { declined: 'its left operand is not known to be a matrix' }
    }
    const isRow = row.constant?.dims.at(-1) === columns && values.length === columns
    if (!isRow || (row.constant?.dims.length ?? 0) > 2) {
      return { declined: 'the addend is not one row' }
    }
    const name = names.make(`${product.output(0)?.name ?? 'product'}_gemm`)
    const gemm = makeNode('Gemm', [x, weight, row], [name])
    gemm.name = product.name
    node.graph.insertBefore(gemm, node)
    const result = gemm.output(0)
    if (result === null) throw new Error('a Gemm has one output')
    bypass(node, result)
    product.graph?.remove(product)
    return 'applied'
  },
}
