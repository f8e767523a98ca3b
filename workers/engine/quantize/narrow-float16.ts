// The way back from a float16 model that was widened for a step: what was float16 is float16 again.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Declined, NodeRule } from '../rewrite/pass.ts'
import { nodeRulePass } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { removeNoOps } from '../rewrite/remove-no-ops.ts'
import { widenFloat16 } from '../rewrite/widen-float16.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { Float16Converter } from './float16-converter.ts'
import { constantObstacle, float16Obstacle } from './float16-obstacles.ts'

/** The floating-point values of a model by name: those of float16, and those of float32. */
export interface FloatNames {
  readonly half: ReadonlySet<string>
  readonly single: ReadonlySet<string>
}

/** Widens all of the model, inputs and outputs too, in place. `null` when nothing in it is float16: it stays as it is. */
export function widened(model: Model): FloatNames | null {
  const facts = inferTypes(model)
  const half = new Set<string>()
  const single = new Set<string>()
  const note = (value: Value | null): void => {
    const type = value === null ? null : facts.type(value)
    if (value === null || type?.kind !== 'tensor') return
    if (type.dtype === 'float16') half.add(value.name)
    if (type.dtype === 'float32') single.add(value.name)
  }
  for (const value of model.graph.inputs) note(value)
  for (const node of model.graph.nodes()) for (const value of node.outputs) note(value)
  return widenFloat16(model, 'widened') === 0 ? null : { half, single }
}

/**
 * Changes the model in place. What a step added becomes float16 where that is safe.
 * @returns why what was float16 cannot be float16 again, by node
 */
export async function narrowFloat16(
  model: Model,
  { half, single }: FloatNames,
  runtime: Runtime,
): Promise<readonly Declined[]> {
  const isOne = (node: Node, names: ReadonlySet<string>): boolean =>
    node.outputs.some((value) => value !== null && names.has(value.name))
  const obstacle = (node: Node, facts: TypeInference): string | null => {
    if (isOne(node, half)) return constantObstacle(node)
    return isOne(node, single) ? WAS_SINGLE : float16Obstacle(node, facts)
  }
  const converter = new Float16Converter(model, inferTypes(model), {
    obstacle,
    keepsType: ({ name }) => !half.has(name),
  })
  converter.run()
  await nodeRulePass(removeNoOpCasts).run(model, runtime)
  sweepDeadCode(model)
  return converter.declined.filter(({ reason }) => reason !== WAS_SINGLE)
}

const removeNoOpCasts: NodeRule = {
  name: removeNoOps.name,
  apply: (node, context) => (node.is('Cast') ? removeNoOps.apply(node, context) : 'unmatched'),
}

const WAS_SINGLE = 'it was float32 before'
