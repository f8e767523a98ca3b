// Models written for one number of samples, made to take any: training needs batches, whatever the file was exported for.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { GraphEditor } from '../rewrite/graph-editor.ts'
import { intValues } from '#src/onnx/tensor-values'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { batchFault } from './batch-fault.ts'
import type { ModelBefore } from './open-sizes.ts'
import { BATCH, openSizes, shapeIn } from './open-sizes.ts'

export interface FreedBatch {
  /** The model itself where its batch is open, or cannot be opened. */
  readonly model: Model
  /** Why it takes a fixed number of samples at a time. */
  readonly reason: string | null
}

/**
 * A model that takes a fixed number of samples at a time becomes one that takes any, where that gives for several what it gives for
 * each: sizes in lists of sizes follow the batch, and constants of one sample are repeated.
 */
export async function freeBatch(model: Model, runtime: Runtime): Promise<FreedBatch> {
  const fixed = fixedBatch(model)
  if (fixed === null) return { model, reason: null }
  const freed = copyModel(model)
  const reason = openBatch(freed, fixed) ?? (await batchFault(model, freed, fixed, runtime))
  return { model: reason === null ? freed : model, reason }
}

/** Samples that a model takes at a time: the size that all inputs have as their first; `null` where one leaves it open. */
export function fixedBatch({ graph }: Model): number | null {
  const firsts = graph.inputs
    .filter(({ initializer }) => initializer === null)
    .map(({ type }) => (type?.kind === 'tensor' ? (type.shape?.[0] ?? null) : null))
  const [first = null] = firsts
  return typeof first === 'number' && firsts.every((dim) => dim === first) ? first : null
}

/** What stands against it; `null` when all shapes follow the batch. */
function openBatch(model: Model, fixed: number): string | null {
  const { graph } = model
  const before = modelBefore(model, fixed)
  for (const value of made(model)) value.type = null
  for (const input of graph.inputs) {
    const { type, initializer } = input
    if (initializer !== null || type?.kind !== 'tensor') continue
    input.type = tensorType(type.dtype, [BATCH, ...(type.shape ?? []).slice(1)])
  }
  const facts = openInRounds(model, before)
  const [problem] = facts.problems
  if (problem !== undefined) {
    return `${problem.node?.describe() ?? 'the inputs'}: ${problem.message}`
  }
  for (const value of graph.outputs) {
    const [own, old] = [shapeIn(facts, value), before.shapes.get(value.name)]
    const [first, ...rest] = own ?? []
    const follows = first === BATCH && rest.every((dim, axis) => dim === old?.[axis + 1])
    if (!follows) return `output '${value.name}' does not follow it`
    value.type = facts.type(value)
  }
  return null
}

/** More than reshapes stand behind one another in any network. */
const ROUNDS = 200

/** What follows the batch now lets more follow it, and tells better what was opened before: until nothing changes. */
function openInRounds(model: Model, before: ModelBefore): TypeInference {
  const editor = new GraphEditor(model)
  let facts = inferTypes(model, { declaredTypes: 'ignore' })
  for (let round = 0; round < ROUNDS; round += 1) {
    const opening = { editor, facts, before, strides: new Map<string, number>() }
    const opened = [...model.graph.nodes()].filter((node) => openSizes(opening, node))
    if (opened.length === 0) break
    facts = inferTypes(model, { declaredTypes: 'ignore' })
  }
  return facts
}

function modelBefore(model: Model, fixed: number): ModelBefore {
  const facts = inferTypes(model)
  const values = [...model.graph.inputs, ...model.graph.initializers.values(), ...made(model)]
  const integers = values.flatMap((value) => {
    const constant = facts.constant(value)
    return constant?.dtype === 'int64' ? [[value.name, intValues(constant)] as const] : []
  })
  const shapes = values.map((value) => [value.name, shapeIn(facts, value)] as const)
  return { fixed, shapes: new Map(shapes), integers: new Map(integers) }
}

/** What nodes write. */
function made({ graph }: Model): Value[] {
  return [...graph.nodes()].flatMap((node) => node.outputs.filter((value) => value !== null))
}
