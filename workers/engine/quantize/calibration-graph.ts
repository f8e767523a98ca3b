// The statistics of a calibration run as part of the model's graph: what leaves the runtime is one short vector and, for
// histograms, the float16 codes of at most so many elements of each value.

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { FreshNames } from '../rewrite/fresh-names.ts'

/** The sum is there for NaN alone: the runtime's minimum and maximum pass over it. */
const REDUCTIONS = ['ReduceMin', 'ReduceMax', 'ReduceSum'] as const

export const STATISTICS_PER_VALUE = REDUCTIONS.length

export interface CodedValue {
  readonly name: string
  /** Output that holds codes. */
  readonly codes: string
  /** Output that says how many elements the value had. */
  readonly size: string
}

export interface CalibrationOutputs {
  /** Output of [min, max, sum] per name. */
  readonly statistics: string
  readonly coded: readonly CodedValue[]
}

export interface CodeRequest {
  readonly name: string
  /** The real value that the codes call 1. */
  readonly unit: number
}

/**
 * Makes statistics the model's only outputs. `names`: values to reduce; `coded`: those to count as well, `limit` elements
 * of each at most.
 */
export function appendCalibration(
  model: Model,
  names: readonly string[],
  coded: readonly CodeRequest[],
  limit: number,
): CalibrationOutputs {
  const builder = new CalibrationGraph(model)
  const statistics = builder.reduce(names)
  const made = coded.map((request) => builder.code(request, limit))
  const { outputs } = model.graph
  outputs.splice(0, outputs.length, statistics, ...made.flatMap(({ codes, size }) => [codes, size]))
  return {
    statistics: statistics.name,
    coded: made.map(({ name, codes, size }) => ({ name, codes: codes.name, size: size.name })),
  }
}

class CalibrationGraph {
  readonly #graph: Graph
  readonly #names: FreshNames
  readonly #values: ReadonlyMap<string, Value>
  readonly #constants = new Map<string, Value>()

  constructor(model: Model) {
    this.#graph = model.graph
    this.#names = new FreshNames(model)
    this.#values = valuesByName(model)
  }

  reduce(names: readonly string[]): Value {
    const shape = this.#integers('one', [1n])
    const parts = names.flatMap((name) => {
      const value = this.#value(name)
      return REDUCTIONS.map((reduction) => {
        const reduced = this.#add(reduction, [value], { keepdims: 0 })
        return this.#add('Reshape', [reduced, shape])
      })
    })
    return this.#add('Concat', parts, { axis: 0 })
  }

  /** Elements at a step that shares no factor with the sizes of planes and channels, so that none is left out. */
  code({ name, unit }: CodeRequest, limit: number): { name: string; codes: Value; size: Value } {
    const value = this.#value(name)
    const scaled = unit === 1 ? value : this.#add('Mul', [value, this.#float(1 / unit)])
    const half = this.#add('Cast', [scaled], { to: DATA_TYPES.float16.code })
    const row = this.#integers('row', [-1n])
    const flat = this.#add('Reshape', [half, row])
    const size = this.#add('Shape', [flat])
    const rounded = this.#add('Add', [size, this.#integers('rounding', [BigInt(limit) - 1n])])
    const wanted = this.#add('Div', [rounded, this.#integers('limit', [BigInt(limit)])])
    const last = BigInt(STEPS.length - 1)
    const within = this.#add('Min', [wanted, this.#integers('last', [last])])
    const step = this.#add('Gather', [this.#integers('steps', STEPS), within], { axis: 0 })
    const axis = this.#integers('zero', [0n])
    const codes = this.#add('Slice', [flat, axis, size, axis, step])
    return { name, codes, size }
  }

  #value(name: string): Value {
    const value = this.#values.get(name)
    if (value === undefined) throw new Error(`no value is called '${name}'`)
    return value
  }

  #add(operator: string, inputs: readonly Value[], attributes: Record<string, number> = {}): Value {
    const list = Object.entries(attributes).map(([key, value]) => intAttribute(key, value))
    const name = this.#names.make(`calibration_${operator}`)
    const node = makeNode(operator, inputs, [name], list)
    this.#graph.append(node)
    const result = node.output(0)
    if (result === null) throw new Error(`${operator} has one output`)
    return result
  }

  #integers(key: string, values: readonly bigint[]): Value {
    const present = this.#constants.get(key)
    if (present !== undefined) return present
    const name = this.#names.make(`calibration_${key}`)
    const data = BigInt64Array.from(values)
    const made = this.#graph.addInitializer(typedTensor(name, 'int64', [values.length], data))
    this.#constants.set(key, made)
    return made
  }

  #float(value: number): Value {
    const name = this.#names.make('calibration_unit')
    return this.#graph.addInitializer(typedTensor(name, 'float32', [], Float32Array.of(value)))
  }
}

/** The first step of at least so many elements: 1, then primes above 7. */
const STEPS = steps(1024)

function steps(count: number): bigint[] {
  const isPrime = (number: number): boolean => {
    for (let factor = 2; factor * factor <= number; factor += 1) {
      if (number % factor === 0) return false
    }
    return true
  }
  const list = [1n, 1n]
  let prime = 11
  for (let wanted = 2; wanted < count; wanted += 1) {
    while (prime < wanted || !isPrime(prime)) prime += 1
    list.push(BigInt(prime))
  }
  return list
}

function valuesByName(model: Model): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>()
  for (const value of model.graph.inputs) values.set(value.name, value)
  for (const node of model.graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value)
  }
  return values
}
