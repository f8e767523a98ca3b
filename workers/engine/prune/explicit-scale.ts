// Attention scales scores by 1 ÷ √(size of a head) unless told: the number is written down, or a shorter head would change it.

import { floatAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Pass } from '../rewrite/pass.ts'

export const explicitScale: Pass = {
  name: 'explicit-scale',
  run: (model: Model) => {
    const types = inferTypes(model)
    let applied = 0
    for (const node of model.graph.nodes()) {
      if (!isAttention(node) || node.attributes.has('scale')) continue
      const size = headSize(node, types)
      if (size === null) continue
      node.attributes.set('scale', floatAttribute('scale', 1 / Math.sqrt(size)))
      applied += 1
    }
    return { applied, declined: [] }
  },
}

function headSize(node: Node, types: TypeInference): number | null {
  const query = node.input(0)
  const type = query === null ? null : types.type(query)
  const shape = type?.kind === 'tensor' ? type.shape : null
  const last = shape?.at(-1)
  if (!shape || typeof last !== 'number') return null
  if (shape.length === 4) return last
  const heads = node.int('q_num_heads', node.int('num_heads', 0))
  return heads > 0 ? last / heads : null
}

/** Those that take queries, keys and values apart. */
function isAttention(node: Node): boolean {
  const isContrib = node.domain === 'com.microsoft' && node.opType === 'MultiHeadAttention'
  return (node.is('Attention') || isContrib) && node.input(2) !== null
}
