// Compares the gradient nodes that the op registry writes with central differences of the forward graph.

import { GradientBuilder } from '#engine/ops/gradient-builder'
import type { GradientCall } from '#engine/ops/gradient-call'
import { opRule } from '#engine/ops/registry'
import { openRuntime } from '#engine/runtime/ort'
import type { LoadOptions, RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { tensorType } from '#src/onnx/ir/value-type'
import { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

export interface GradientCase {
  readonly title: string
  /** A graph in ONNX's text form, without the header: `g (float[2] x) => (float[2] y) { y = Relu(x) }`. */
  readonly graph: string
  /** Sizes of the named dimensions. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Inputs lie evenly spread in this interval, in random order; else on odd multiples of 0.05, clear of kinks. */
  readonly range?: readonly [number, number]
  readonly opset?: number
  /** Half the distance of the central difference. */
  readonly step?: number
  /** Inputs that the rule leaves without a gradient on purpose. */
  readonly frozen?: readonly string[]
}

export interface InputError {
  readonly input: string
  /** max |ours − numeric| ÷ max |numeric|. */
  readonly relativeError: number
  /** max |numeric|: a check on zeros would prove nothing. */
  readonly magnitude: number
}

const OPTIONS: LoadOptions = { threads: 1, optimization: 'basic' }
const runtime = openRuntime()

/** mulberry32: uniform in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function spread(count: number, range: GradientCase['range'], random: () => number): Float32Array {
  const half = Math.floor(count / 2)
  const values = Array.from({ length: count }, (_, index) =>
    range === undefined
      ? (2 * (index - half) + 1) * 0.05
      : range[0] + ((range[1] - range[0]) * (index + 0.5)) / count,
  )
  for (let index = count - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const kept = values[index] as number
    values[index] = values[other] as number
    values[other] = kept
  }
  return Float32Array.from(values)
}

function callOf(node: Node, types: TypeInference, gradients: Map<Value, Value>): GradientCall {
  return {
    node,
    x: (index) => node.input(index) ?? missing(`input ${index} of ${node.describe()}`),
    has: (index) => node.input(index) !== null,
    y: (index) => {
      const known = node.output(index)
      if (known !== null) return known
      const value = new Value(`${node.output(0)?.name}_extra_${index}`)
      node.setOutput(index, value)
      return value
    },
    dy: (index) => gradients.get(node.output(index) as Value) ?? null,
    wants: (index) => isWanted(node.input(index), types),
    shape: (value) => {
      const type = types.type(value)
      return type?.kind === 'tensor' ? type.shape : null
    },
    rank: (value) => {
      const type = types.type(value)
      return type?.kind === 'tensor' && type.shape !== null
        ? type.shape.length
        : missing(`the rank of '${value.name}'`)
    },
    constant: (value) => types.constant(value),
  }
}

function missing(what: string): never {
  throw new Error(`${what} is missing`)
}

function isWanted(value: Value | null, types: TypeInference): boolean {
  if (value === null || value.constant !== null) return false
  const type = types.type(value)
  return type?.kind === 'tensor' && (type.dtype === 'float32' || type.dtype === 'float64')
}

/** Appends gradients of all nodes in reverse order; the gradients of the outputs are new inputs `d_<output>`. */
function appendGradients(model: Model, types: TypeInference): Map<Value, Value> {
  const { graph } = model
  const gradients = new Map<Value, Value>()
  const builder = new GradientBuilder(graph, types, 'grad/')
  for (const output of graph.outputs) {
    if (!isWanted(output, types)) continue
    const seed = new Value(`d_${output.name}`, tensorType('float32', null))
    seed.graph = graph
    graph.inputs.push(seed)
    gradients.set(output, seed)
  }
  for (const node of [...graph.nodes()].reverse()) {
    const rule = opRule(node)
    if (rule === 'unknown') throw new Error(`no rule for ${node.opType}`)
    if (rule.gradient === 'zero') continue
    if (!node.outputs.some((value) => value !== null && gradients.has(value))) continue
    if (rule.gradient === 'none') throw new Error(`${node.opType} has no gradient`)
    const parts = rule.gradient(builder, callOf(node, types, gradients))
    for (const [index, part] of parts.entries()) {
      const input = node.input(index)
      if (part === null || input === null) continue
      const before = gradients.get(input)
      gradients.set(input, before === undefined ? part : builder.add(before, part))
    }
  }
  return gradients
}

function asDouble(values: RuntimeTensor['data']): Float64Array {
  return Float64Array.from(values as Float32Array)
}

/** Checks every element of every float input. */
export async function checkGradients(test: GradientCase, seed: number): Promise<InputError[]> {
  const random = seededRandom(seed)
  const header = `<ir_version: 10, opset_import: ["" : ${test.opset ?? 21}, "com.microsoft" : 1]>`
  const forwardModel = parseModel(`${header} ${test.graph}`)
  const feeds: Record<string, RuntimeTensor> = {}
  for (const input of forwardModel.graph.inputs) {
    const shape = input.type?.kind === 'tensor' ? input.type.shape : null
    const dims = shape?.map((dim) => (typeof dim === 'number' ? dim : test.sizes?.[dim ?? '']))
    const known = dims?.map((dim) => dim ?? missing(`a size of '${input.name}'`)) ?? []
    const count = known.reduce((product, dim) => product * dim, 1)
    feeds[input.name] = { dtype: 'float32', dims: known, data: spread(count, test.range, random) }
  }
  const forward = await runtime.load(modelBytes(forwardModel), OPTIONS)
  const outputs = await forward.run(feeds)
  const projection = new Map<string, Float32Array>(
    Object.entries(outputs)
      .filter(([, { dtype }]) => dtype === 'float32')
      .map(([name, { data }]) => [name, new Float32Array(data.length).map(() => random() * 2 - 1)]),
  )
  const loss = async (): Promise<number> => {
    const results = await forward.run(feeds)
    let sum = 0
    for (const [name, weights] of projection) {
      const values = asDouble(results[name]?.data ?? missing(name))
      for (const [index, weight] of weights.entries()) sum += weight * (values[index] as number)
    }
    return sum
  }

  const model = parseModel(`${header} ${test.graph}`)
  const types = inferTypes(model)
  const inputs = [...model.graph.inputs]
  const gradients = appendGradients(model, types)
  const wanted = inputs.filter((input) => !(test.frozen ?? []).includes(input.name))
  model.graph.outputs.length = 0
  for (const input of wanted) {
    const gradient = gradients.get(input) ?? missing(`the gradient of '${input.name}'`)
    gradient.type = tensorType('float32', null)
    if (!gradient.isGraphOutput) model.graph.outputs.push(gradient)
  }
  const backward = await runtime.load(modelBytes(model), OPTIONS)
  const seeds = Object.fromEntries(
    [...projection].map(([name, data]): [string, RuntimeTensor] => {
      const dims = outputs[name]?.dims ?? missing(name)
      return [`d_${name}`, { dtype: 'float32', dims, data }]
    }),
  )
  const used = new Set(backward.inputs.map(({ name }) => name))
  const all = Object.entries({ ...feeds, ...seeds }).filter(([name]) => used.has(name))
  const results = await backward.run(Object.fromEntries(all))

  const errors: InputError[] = []
  const step = test.step ?? 0.01
  for (const input of wanted) {
    const gradient = results[gradients.get(input)?.name ?? ''] ?? missing(input.name)
    const values = feeds[input.name]?.data as Float32Array
    if (gradient.data.length !== values.length)
      missing(`the shape of '${input.name}' in its gradient`)
    const ours = asDouble(gradient.data)
    let worst = 0
    let magnitude = 0
    for (let index = 0; index < values.length; index += 1) {
      const kept = values[index] as number
      const high = Math.fround(kept + step)
      const low = Math.fround(kept - step)
      values[index] = high
      const above = await loss()
      values[index] = low
      const below = await loss()
      values[index] = kept
      const numeric = (above - below) / (high - low)
      worst = Math.max(worst, Math.abs((ours[index] as number) - numeric))
      magnitude = Math.max(magnitude, Math.abs(numeric))
    }
    errors.push({ input: input.name, relativeError: worst / magnitude, magnitude })
  }
  await forward.release()
  await backward.release()
  return errors
}
