// Declares what inference knows of results whose size is computed, such as those of Reshape(x, Shape(y)). Runtimes see no channels
// there, and keep what comes behind out of their blocked layout: a pooling took eight times as long.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TensorType, ValueType } from '#src/onnx/ir/value-type'
import { tensorType } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Pass } from './pass.ts'

/** Blocked layouts are of pictures and of what has channels in the second place. */
const LEAST_RANK = 3

export const declareSizes: Pass = {
  name: 'declare-sizes',
  run: (model: Model) => {
    const facts = inferTypes(model)
    let declared = 0
    for (const node of model.graph.nodes()) {
      if (!isSizeComputed(node, facts)) continue
      for (const value of node.outputs) {
        const type = value === null || value.isGraphOutput ? null : facts.type(value)
        const sizes = type?.kind === 'tensor' ? sizesOf(type) : null
        if (value === null || sizes === null || knows(value.type, sizes)) continue
        value.type = sizes
        if (!model.graph.valueInfo.includes(value)) model.graph.valueInfo.push(value)
        declared += 1
      }
    }
    return { applied: declared, declined: [] }
  },
}

/** Whether an operand is of integers that the graph computes. */
function isSizeComputed(node: Node, facts: TypeInference): boolean {
  return node.inputs.slice(1).some((value) => {
    const type = value === null ? null : facts.type(value)
    return value?.constant == null && type?.kind === 'tensor' && type.dtype === 'int64'
  })
}

/** Sizes that have a name only are left open. */
function sizesOf({ dtype, shape }: TensorType): TensorType | null {
  if (shape === null || shape.length < LEAST_RANK || !dtype.startsWith('float')) return null
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : null))
  return typeof sizes[1] === 'number' ? tensorType(dtype, sizes) : null
}

function knows(type: ValueType | null, wanted: TensorType): boolean {
  if (type?.kind !== 'tensor' || type.shape === null) return false
  return (wanted.shape ?? []).every((dim, axis) => dim === null || type.shape?.[axis] === dim)
}
