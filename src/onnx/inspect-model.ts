// What the API tells of a model: its graph in figures, and what each kind of step can do with it.

import type { WeightCounts } from './count-weights.ts'
import { countWeights } from './count-weights.ts'
import type { Dim } from './ir/value-type.ts'
import type { Model } from './ir/model.ts'
import { opsetVersion } from './ir/model.ts'
import type { Value } from './ir/value.ts'
import type { ModelSupport } from './judge-support.ts'
import { judgeSupport } from './judge-support.ts'
import { countMacs } from './macs/count-macs.ts'
import { operatorKey } from './operators/constant-roles.ts'
import type { TypeInference } from './shapes/infer-types.ts'
import { inferTypes } from './shapes/infer-types.ts'
import { weightTensors } from './weight-tensors.ts'

interface InputSummary {
  readonly name: string
  /** The element type, or the kind of what is no tensor, such as `sequence`. */
  readonly dtype: string
  readonly shape: Dim[] | null
}

interface GraphSummary {
  readonly opset: number
  readonly ir_version: number
  readonly producer: string
  /** Those that a caller has to give. */
  readonly inputs: InputSummary[]
  readonly outputs: InputSummary[]
  /** Those of branches and loop bodies included. */
  readonly nodes: number
  /** How often each occurs, by name, with its domain unless that is ai.onnx. */
  readonly operators: Record<string, number>
  readonly parameters: number
  /** For one sample; `null` where shapes leave it open. */
  readonly macs: number | null
  readonly macs_source: 'estimated'
  /** Share of the parameters that are zero. */
  readonly sparsity: number
}

/** Reads all weights once, in parts, unless their `counts` are known. The model must have passed verifyModel. */
export function inspectModel(
  model: Model,
  counts: WeightCounts | 'unknown' = 'unknown',
): {
  readonly graph: GraphSummary
  readonly support: ModelSupport
} {
  const weights = [...weightTensors(model)]
  const known = counts === 'unknown' ? countWeights(weights) : counts
  return { graph: summarizeGraph(model, known), support: judgeSupport(model, weights) }
}

function summarizeGraph(model: Model, { parameters, nonzero }: WeightCounts): GraphSummary {
  const { graph } = model
  const types = inferTypes(model)
  const operators: Record<string, number> = {}
  let nodes = 0
  for (const node of graph.allNodes()) {
    nodes += 1
    const operator = operatorKey(node)
    operators[operator] = (operators[operator] ?? 0) + 1
  }
  return {
    opset: opsetVersion(model),
    ir_version: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
    inputs: graph.inputs
      .filter((value) => value.initializer === null)
      .map((value) => summarizeValue(value, types)),
    outputs: graph.outputs.map((value) => summarizeValue(value, types)),
    nodes,
    operators,
    parameters,
    macs: countMacs(model),
    macs_source: 'estimated',
    sparsity: parameters === 0 ? 0 : 1 - nonzero / parameters,
  }
}

function summarizeValue(value: Value, types: TypeInference): InputSummary {
  const type = types.type(value) ?? value.type
  const tensor = type?.kind === 'tensor' || type?.kind === 'sparse_tensor' ? type : null
  return {
    name: value.name,
    dtype: tensor?.dtype ?? type?.kind ?? 'none',
    shape: tensor?.shape?.slice() ?? null,
  }
}
