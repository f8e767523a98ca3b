// Activation ranges by running the model with reductions appended to its graph. Only one short vector leaves the runtime per
// run, so memory does not depend on the number or shape of the samples, and their order never changes the ranges.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { OnnxError } from '#src/onnx/onnx-error'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import type { Range, Ranges } from './quantize-result.ts'

export type Feeds = Readonly<Record<string, RuntimeTensor>>

export interface Calibration {
  readonly ranges: Ranges
  /** Names of values that were infinite, as attention masks are: they have no range. */
  readonly unbounded: ReadonlySet<string>
  /** Runs made. */
  readonly runs: number
}

/** The sum is there for NaN alone: the runtime's minimum and maximum pass over it. */
const REDUCTIONS = ['ReduceMin', 'ReduceMax', 'ReduceSum'] as const

/**
 * Smallest and largest element of the float32 values of these names over all feeds. The model is left as it was.
 * @throws OnnxError invalid_weights naming the tensor when a value is NaN; RuntimeRejection; RangeError without feeds
 */
export async function calibrateMinMax(
  model: Model,
  names: readonly string[],
  feeds: AsyncIterable<Feeds> | Iterable<Feeds>,
  runtime: Runtime,
  threads = 1,
): Promise<Calibration> {
  if (names.length === 0) return { ranges: new Map(), unbounded: new Set(), runs: 0 }
  const observed = copyModel(model)
  const output = appendReductions(observed, names)
  const bytes = modelBytes(observed, 'inline')
  const session = await runtime.load(bytes, { threads, optimization: 'basic' })
  const low = new Float64Array(names.length).fill(Infinity)
  const high = new Float64Array(names.length).fill(-Infinity)
  let runs = 0
  try {
    for await (const batch of feeds) {
      const results = await session.run(batch, [output])
      const statistics = results[output]?.data
      names.forEach((name, index) => {
        const [least, most, sum] = [0, 1, 2].map((at) => Number(statistics?.[3 * index + at]))
        if ([least, most, sum].some(Number.isNaN) && !isInfinite(least, most)) {
          throw notANumber(name, runs)
        }
        low[index] = Math.min(low[index] ?? 0, least ?? 0)
        high[index] = Math.max(high[index] ?? 0, most ?? 0)
      })
      runs += 1
    }
  } finally {
    await session.release()
  }
  if (runs === 0) throw new RangeError('calibration needs at least one sample')
  const ranges = new Map<string, Range>()
  const unbounded = new Set<string>()
  names.forEach((name, index) => {
    const range = { low: low[index] ?? 0, high: high[index] ?? 0 }
    if (isInfinite(range.low, range.high)) unbounded.add(name)
    else ranges.set(name, range)
  })
  return { ranges, unbounded, runs }
}

/** The sum of infinities of both signs is NaN without any NaN among them. */
function isInfinite(low: number | undefined, high: number | undefined): boolean {
  return low === -Infinity || low === Infinity || high === Infinity || high === -Infinity
}

function notANumber(name: string, run: number): OnnxError {
  return new OnnxError(
    'invalid_weights',
    `value '${name}' is NaN for calibration batch ${run}; a quantizer needs a range`,
    { tensor: name },
  )
}

/** Makes one vector of [min, max, sum] per name the model's only output, and gives its name. */
function appendReductions(model: Model, names: readonly string[]): string {
  const { graph } = model
  const fresh = new FreshNames(model)
  const values = valuesByName(model)
  const one = typedTensor(fresh.make('calibration_shape'), 'int64', [1], BigInt64Array.of(1n))
  const shape = graph.addInitializer(one)
  const parts: Value[] = []
  for (const name of names) {
    const value = values.get(name)
    if (value === undefined) throw new Error(`no value is called '${name}'`)
    for (const reduction of REDUCTIONS) {
      const reduced = makeNode(
        reduction,
        [value],
        [fresh.make(`${name}_${reduction}`)],
        [intAttribute('keepdims', 0)],
      )
      const row = makeNode(
        'Reshape',
        [reduced.output(0), shape],
        [fresh.make(`${name}_${reduction}_row`)],
      )
      graph.append(reduced)
      graph.append(row)
      const result = row.output(0)
      if (result !== null) parts.push(result)
    }
  }
  const all = makeNode('Concat', parts, [fresh.make('calibration')], [intAttribute('axis', 0)])
  graph.append(all)
  const output = all.output(0)
  if (output === null) throw new Error('a Concat has one output')
  graph.outputs.splice(0, graph.outputs.length, output)
  return output.name
}

function valuesByName(model: Model): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>()
  for (const value of model.graph.inputs) values.set(value.name, value)
  for (const node of model.graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value)
  }
  return values
}
