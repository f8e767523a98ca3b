// Sizes of every tensor at one choice of the sizes that a model leaves open: shapes are needed in numbers to follow indices. The
// choice is made so that no open size is 1 and none divides another by chance.

import type { Model } from '#src/onnx/ir/model'
import type { Dim } from '#src/onnx/ir/value-type'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'

export interface ObservedShapes {
  /** Types with the sizes chosen. */
  readonly types: TypeInference
  /** What holds for every choice. */
  readonly always: TypeInference
  /** Shapes of the inputs at the sizes chosen, with another batch. */
  inputsAt(batch: number): Readonly<Record<string, readonly number[]>>
}

interface Choice {
  readonly batch: number
  /** Of the first open axis behind the batch, and of further ones. */
  readonly others: readonly number[]
}

/** Pictures need sizes that halve often; sequences need not. */
const CHOICES: readonly Choice[] = [
  { batch: 5, others: [224, 160] },
  { batch: 5, others: [13, 11] },
  { batch: 5, others: [512, 384] },
]

export function sizesOf(types: TypeInference, value: Value): readonly number[] | null {
  const type = types.type(value)
  if (type?.kind !== 'tensor' || type.shape === null) return null
  const sizes = type.shape.filter((dim) => typeof dim === 'number')
  return sizes.length === type.shape.length ? sizes : null
}

/** The choice that leaves the fewest sizes unknown and contradicts itself least. */
export function observeShapes(model: Model): ObservedShapes {
  const always = inferTypes(model)
  const tried = CHOICES.map((choice) => {
    const inputs = inputShapes(model, choice)
    const types = inferTypes(model, { inputs, declaredTypes: 'ignore' })
    const inputsAt = (batch: number) => inputShapes(model, { ...choice, batch })
    return { types, always, inputsAt, faults: faultsOf(model, types) }
  })
  const best = tried.reduce((one, other) => (other.faults < one.faults ? other : one))
  return best
}

function faultsOf(model: Model, types: TypeInference): number {
  let unknown = types.problems.length
  for (const node of model.graph.nodes()) {
    for (const output of node.outputs) {
      const sizes = output === null ? [] : sizesOf(types, output)
      if (sizes === null || sizes.includes(0)) unknown += 1
    }
  }
  return unknown
}

/** A name stands for one size wherever it occurs. */
function inputShapes(model: Model, { batch, others }: Choice): Record<string, readonly number[]> {
  const named = new Map<string, number>()
  const shapes: Record<string, readonly number[]> = {}
  for (const { name, type, initializer } of model.graph.inputs) {
    if (initializer !== null || type?.kind !== 'tensor' || type.shape === null) continue
    let open = 0
    const sizeOf = (dim: Dim, axis: number): number => {
      if (typeof dim === 'number' && dim > 0) return dim
      const known = typeof dim === 'string' ? named.get(dim) : undefined
      if (known !== undefined) return known
      const size = axis === 0 ? batch : (others[open++] ?? others.at(-1) ?? batch)
      if (typeof dim === 'string') named.set(dim, size)
      return size
    }
    shapes[name] = type.shape.map(sizeOf)
  }
  return shapes
}
