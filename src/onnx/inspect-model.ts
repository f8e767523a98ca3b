// What the API tells of a model: its graph in figures, and what each kind of step can do with it.

import type { GraphSummary, ModelSupport } from '#src/domain/model-summary'
import type { Model } from './ir/model.ts'
import { opsetVersion } from './ir/model.ts'
import type { Node } from './ir/node.ts'
import type { Value } from './ir/value.ts'
import { countMacs } from './macs/count-macs.ts'
import { OP_SUPPORT } from './operators/op-support.ts'
import { inferTypes } from './shapes/infer-types.ts'
import { countWeights } from './count-weights.ts'
import { weightTensors } from './weight-tensors.ts'

/** Nodes named in one note; the rest is counted. */
const NAMED = 5

export function inspectModel(model: Model): {
  readonly graph: GraphSummary
  readonly support: ModelSupport
} {
  return { graph: summarizeGraph(model), support: judgeSupport(model) }
}

function summarizeGraph(model: Model): GraphSummary {
  const { graph } = model
  const { parameters, nonzero } = countWeights(weightTensors(model))
  const types = inferTypes(model)
  const describe = (value: Value) => {
    const type = types.type(value) ?? value.type
    const tensor = type?.kind === 'tensor' || type?.kind === 'sparse_tensor' ? type : null
    return {
      name: value.name,
      dtype: tensor?.dtype ?? type?.kind ?? 'none',
      shape: tensor?.shape?.slice() ?? null,
    }
  }
  const operators: Record<string, number> = {}
  let nodes = 0
  for (const node of graph.allNodes()) {
    nodes += 1
    operators[node.opType] = (operators[node.opType] ?? 0) + 1
  }
  return {
    opset: opsetVersion(model),
    ir_version: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
    inputs: graph.inputs.filter((value) => value.initializer === null).map(describe),
    outputs: graph.outputs.map(describe),
    nodes,
    operators,
    parameters,
    macs: countMacs(model),
    macs_source: 'estimated',
    sparsity: parameters === 0 ? 0 : 1 - nonzero / parameters,
  }
}

function judgeSupport(model: Model): ModelSupport {
  const nodes = [...model.graph.allNodes()]
  const quantized = nodes.filter((node) => QUANTIZED.has(node.opType))
  const integer = nodes.filter((node) => supportOf(node)?.quantization === 'integer')
  const pruned = nodes.filter((node) => supportOf(node)?.axes === 'defined')
  const blocked = nodes.filter((node) => (supportOf(node)?.gradient ?? 'none') === 'none')
  const frozen = nodes.filter((node) => (supportOf(node)?.axes ?? 'opaque') === 'opaque')
  return {
    quantize:
      quantized.length > 0
        ? { supported: false, notes: [`the model is quantized already: ${listed(quantized)}`] }
        : {
            supported: integer.length > 0,
            notes: integer.length > 0 ? [] : ['no operator of the model has an integer kernel'],
          },
    prune: {
      supported: pruned.length > 0,
      notes: frozen.length === 0 ? [] : [`channels next to these stay whole: ${listed(frozen)}`],
    },
    distill: {
      supported: blocked.length === 0,
      notes: blocked.length === 0 ? [] : [`no gradient is defined for ${listed(blocked)}`],
    },
  }
}

const QUANTIZED = new Set([
  'QuantizeLinear',
  'DequantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'MatMulInteger',
  'ConvInteger',
])

function supportOf(node: Node) {
  const prefix = node.domain === '' || node.domain === 'ai.onnx' ? '' : `${node.domain}.`
  return OP_SUPPORT.get(prefix + node.opType)
}

function listed(nodes: readonly Node[]): string {
  const names = nodes.slice(0, NAMED).map((node) => node.describe())
  const more = nodes.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
