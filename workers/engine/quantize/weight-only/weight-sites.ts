// Weights of a model that weight-only quantization can store as integers, with the nodes that read them.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { StoredWeight } from '../../ops/stored-weights.ts'
import { storedWeight } from '../../ops/stored-weights.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { WeightMatrix } from './weight-matrix.ts'

export class WeightSite {
  readonly node: Node
  readonly stored: StoredWeight
  /** Vectors that a product is given in one run; 1 where that is not known. */
  readonly vectors: number

  constructor(node: Node, stored: StoredWeight, facts: TypeInference) {
    this.node = node
    this.stored = stored
    this.vectors = stored.use === 'product' ? vectorsOf(node.input(0), facts) : 1
  }

  /** What the node reads now: it may have been given a weight of its own. */
  get weight(): Value {
    const weight = this.node.input(this.stored.input)
    if (weight === null) throw new Error(`${this.node.describe()} reads no weight any more`)
    return weight
  }
}

function vectorsOf(input: Value | null, facts: TypeInference): number {
  const type = input === null ? null : facts.type(input)
  if (type?.kind !== 'tensor' || !type.shape) return 1
  return type.shape.slice(0, -1).reduce<number>((product, dim) => {
    return typeof dim === 'number' ? product * dim : product
  }, 1)
}

/** Below this many elements, what is added around a weight eats what is saved. */
const MIN_ELEMENTS = 1024

/** Of the main graph, in order. `excluded`: names of nodes that keep their weights. */
export function weightSites(
  model: Model,
  facts: TypeInference,
  excluded: ReadonlySet<string>,
): { readonly sites: readonly WeightSite[]; readonly declined: readonly Declined[] } {
  const sites: WeightSite[] = []
  const declined: Declined[] = []
  for (const node of model.graph.allNodes()) {
    const stored = storedWeight(node, facts)
    if (stored === 'none' || excluded.has(labelOf(node))) continue
    const weight = node.input(stored.input)
    const tensor = weight?.constant
    if (weight === null || !tensor) continue
    const reason = reasonToStay(node, stored, weight, model)
    if (reason === 'none') sites.push(new WeightSite(node, stored, facts))
    else if (reason !== 'small') {
      declined.push({ rule: 'weight-only', node: labelOf(node), reason })
    }
  }
  return { sites, declined }
}

function reasonToStay(node: Node, stored: StoredWeight, weight: Value, model: Model): string {
  const tensor = weight.constant
  if (tensor === null || tensorSize(tensor) < MIN_ELEMENTS) return 'small'
  if (tensor.dtype !== 'float32') {
    return stored.use === 'lookup' ? 'small' : `its weight is ${tensor.dtype}, not float32`
  }
  if (stored.use === 'lookup' && tensor.dims.length !== 2) return 'its table is no matrix'
  if (node.graph !== model.graph) return 'it lies inside a subgraph'
  if (weight.isGraphOutput) return 'its weight is an output of the model'
  return stored.refusal
}

/** The weight as output channels × contracted axis; of a table, rows × what is in them. */
export function matrixOf({ stored, weight }: WeightSite): WeightMatrix {
  const tensor = weight.constant
  if (tensor === null) throw new Error(`'${weight.name}' is no constant`)
  const [first = 0, second = 0] = tensor.dims
  return stored.channelAxis === 0
    ? { tensor, rows: first, columns: second, order: 'row-major' }
    : { tensor, rows: second, columns: first, order: 'column-major' }
}
