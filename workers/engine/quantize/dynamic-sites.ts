// Matrix products with a constant weight: what dynamic quantization turns into products of integers.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { opRule } from '../ops/registry.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'

export interface DynamicSite {
  readonly input: Value
  readonly weight: Value
  /** The weight is [N, K] and has to be turned. */
  readonly transposed: boolean
  readonly bias: Value | null
}

/** Rows of weights below which quantizing the input costs more than the product saves. */
const MIN_ELEMENTS = 1024

/** Sites of the main graph, in order, and the products that are left with the reason. */
export function dynamicSites(
  model: Model,
  excluded: ReadonlySet<string>,
): { sites: ReadonlyMap<Node, DynamicSite>; declined: readonly Declined[] } {
  const facts = inferTypes(model)
  const sites = new Map<Node, DynamicSite>()
  const declined: Declined[] = []
  for (const node of model.graph.allNodes()) {
    const rule = opRule(node)
    const kernel = rule === 'unknown' ? 'float' : rule.quantization
    if (kernel === 'float' || kernel === 'carries' || kernel.weight === 'none') continue
    if (excluded.has(labelOf(node))) continue
    const reason = node.graph === model.graph ? siteOf(node) : 'it lies inside a subgraph'
    if (typeof reason === 'string') {
      declined.push({ rule: 'dynamic-product', node: labelOf(node), reason })
    } else sites.set(node, reason)
  }
  return { sites, declined }

  function siteOf(node: Node): DynamicSite | string {
    const [input, weight, bias] = [node.input(0), node.input(1), node.input(2)]
    const tensor = weight?.constant
    if (input === null || weight === null || !tensor) return 'it multiplies computed values'
    if (tensor.dims.length > 2) {
      return node.is('MatMul')
        ? 'its weight is a stack of matrices'
        : 'an integer convolution of dynamic range is slower than float; its weights are stored as integers'
    }
    if (tensor.dims.length < 2) return 'its weight is no matrix'
    if (tensor.dtype !== 'float32') return 'its weight is not float32'
    if (tensorSize(tensor) < MIN_ELEMENTS) return 'its weight is too small to gain'
    const type = facts.type(input)
    if (type?.kind !== 'tensor' || type.dtype !== 'float32') return 'its input is not float32'
    if (
      node.float('alpha', 1) !== 1 ||
      node.float('beta', 1) !== 1 ||
      node.int('transA', 0) !== 0
    ) {
      return 'it scales or turns its operands'
    }
    return { input, weight, transposed: node.int('transB', 0) === 1, bias }
  }
}

/** A matrix [rows, columns] in row-major order, turned. */
export function transposedMatrix(
  values: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = values[row * columns + column] ?? 0
    }
  }
  return turned
}
