// Symbolic inference of types and shapes over a whole model, without a runtime.

import type { Model } from '../ir/model.ts'
import type { Tensor } from '../ir/tensor.ts'
import type { Value } from '../ir/value.ts'
import type { Dim, ValueType } from '../ir/value-type.ts'
import type { Size } from './expression.ts'
import { symbol } from './expression.ts'
import { ExportedTypes } from './exported-types.ts'
import type { Fact } from './fact.ts'
import { ConstantFact, factOfType, isTensorFact, tensor } from './fact.ts'
import { toTensor } from './partial-tensor.ts'
import { Scope } from './scope.ts'
import type { InferenceProblem } from './walker.ts'
import { Walker } from './walker.ts'

export interface InferTypesOptions {
  /** Shapes of graph inputs by name, instead of the declared ones. */
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>
  /** Sizes of named dimensions, wherever the name occurs. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Values of graph inputs by name, taken for constants. */
  readonly constants?: Readonly<Record<string, Tensor>>
  /** Whether types that the file declares for inner values and outputs fill in what inference leaves unknown. */
  readonly declaredTypes?: 'use' | 'ignore'
}

export interface TypeInference {
  /** The type, unknown sizes `null`; `null` when nothing is known. Values of function bodies: what holds for all calls. */
  type(value: Value): ValueType | null
  /** The value's elements when they are the same in every run: a constant of any size, or ≤ 4096 elements computed from such. */
  constant(value: Value): Tensor | null
  /** The shape with these sizes for the named dimensions; `null` where it stays unknown. */
  shapeAt(value: Value, sizes: Readonly<Record<string, number>>): (number | null)[] | null
  /** Contradictions: what no run can satisfy. Inference goes on past them. */
  readonly problems: readonly InferenceProblem[]
}

/** Infers types of all values. Never throws on odd models and changes nothing in the model. */
export function inferTypes(model: Model, options: InferTypesOptions = {}): TypeInference {
  const sizes = new Map(Object.entries(options.sizes ?? {}))
  const named = (name: string): Size => sizes.get(name) ?? symbol(name)
  const walker = new Walker(model, options.declaredTypes !== 'ignore', named)
  const scope = new Scope(model.opsetImports)
  for (const value of model.graph.inputs) {
    const constant = options.constants?.[value.name]
    const shape = options.inputs?.[value.name]
    const fact =
      constant === undefined ? inputFact(model, value, shape, named) : new ConstantFact(constant)
    scope.facts.set(value, fact)
  }
  walker.walkGraph(model.graph, scope)
  for (const value of model.graph.initializers.values()) scope.fact(value)
  walker.record(scope)
  const exported = new ExportedTypes(walker.facts, walker.hints?.names ?? new Map())
  return {
    type: (value) => exported.type(value),
    constant: (value) => constantOf(value, walker.facts.get(value) ?? null),
    shapeAt: (value, at) => exported.shapeAt(value, new Map(Object.entries(at))),
    problems: walker.problems,
  }
}

/** Infers types and writes them into the values that have none or a vaguer one. Returns what it wrote from. */
export function annotate(model: Model, options: InferTypesOptions = {}): TypeInference {
  const inference = inferTypes(model, options)
  const graphs = [model.graph, ...model.functions.map(({ body }) => body)]
  for (const graph of graphs) {
    for (const node of graph.allNodes()) {
      for (const value of node.outputs) {
        const type = value === null ? null : inference.type(value)
        if (value !== null && type !== null) value.type = type
      }
    }
  }
  return inference
}

/**
 * A graph input that is an initializer too is a default value, which a caller may override; before IR version 4
 * the runtime takes it for a constant.
 */
function inputFact(
  model: Model,
  value: Value,
  override: readonly Dim[] | undefined,
  named: (name: string) => Size,
): Fact | null {
  const { initializer } = value
  if (initializer?.kind === 'tensor' && model.irVersion < 4 && override === undefined) {
    return new ConstantFact(initializer)
  }
  const declared = factOfType(value.type, named)
  if (override === undefined) {
    if (declared !== null || initializer?.kind !== 'tensor') return declared
    return tensor(initializer.dtype, initializer.dims)
  }
  const dtype = isTensorFact(declared) ? declared.dtype : 'none'
  return factOfType({ kind: 'tensor', dtype, shape: override }, named)
}

function constantOf(value: Value, fact: Fact | null): Tensor | null {
  if (value.constant !== null) return value.constant
  if (!isTensorFact(fact)) return null
  if (fact instanceof ConstantFact) return fact.tensor
  return fact.data === null ? null : toTensor(value.name, fact.data)
}
