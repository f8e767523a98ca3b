// The float model with every activation quantized and restored in place, to parameters that are inputs: measures what a choice of
// ranges does to the outputs.

import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
import { activationParameters } from './activation-parameters.ts'
import type { Feeds } from './activation-statistics.ts'
import type { Outputs } from './output-error.ts'
import { outputError, runAll } from './output-error.ts'
import type { Ranges } from './quantize-result.ts'

interface Parameters {
  readonly scale: string
  readonly zero: string
}

export class QuantizedActivations {
  readonly #session: RuntimeSession
  readonly #parameters: ReadonlyMap<string, Parameters>
  readonly #batches: readonly Feeds[]
  readonly #wanted: readonly Outputs[]

  private constructor(
    session: RuntimeSession,
    parameters: ReadonlyMap<string, Parameters>,
    batches: readonly Feeds[],
    wanted: readonly Outputs[],
  ) {
    this.#session = session
    this.#parameters = parameters
    this.#batches = batches
    this.#wanted = wanted
  }

  /** `names`: values to quantize; `batches`: what errors are measured on. */
  static async load(
    model: Model,
    names: readonly string[],
    batches: readonly Feeds[],
    runtime: Runtime,
    threads: number,
  ): Promise<QuantizedActivations> {
    const wanted = await runAll(model, batches, runtime, threads)
    const quantized = copyModel(model)
    const parameters = appendQuantizers(quantized, names)
    // With scales that are inputs, the runtime's optimizations (1.30, level basic and up) give other results.
    const options = { threads, optimization: 'disabled', memoryPattern: false } as const
    const session = await runtime.load(modelBytes(quantized, 'inline'), options)
    return new QuantizedActivations(session, parameters, batches, wanted)
  }

  /** Noise ÷ signal of the outputs. */
  async error(ranges: Ranges): Promise<number> {
    const parameters: Record<string, RuntimeTensor> = {}
    for (const [name, { scale, zero }] of this.#parameters) {
      const own = activationParameters(ranges.get(name) ?? { low: 0, high: 0 })
      parameters[scale] = { dtype: 'float32', dims: [], data: Float32Array.of(own.scale) }
      parameters[zero] = { dtype: 'uint8', dims: [], data: Uint8Array.of(own.zeroPoint) }
    }
    const actual: Outputs[] = []
    for (const [index, feeds] of this.#batches.entries()) {
      const values = Object.values(await this.#session.run({ ...feeds, ...parameters }))
      const names = Object.keys(this.#wanted[index] ?? {})
      actual.push(Object.fromEntries(values.map((tensor, at) => [names[at] ?? '', tensor])))
    }
    return outputError(this.#wanted, actual).noise
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

function appendQuantizers(model: Model, names: readonly string[]): Map<string, Parameters> {
  const { graph } = model
  const fresh = new FreshNames(model)
  const wanted = new Set(names)
  const parameters = new Map<string, Parameters>()
  const made = Array.from(graph.nodes()).flatMap((node) => node.outputs)
  for (const value of [...graph.inputs, ...made]) {
    if (value === null || !wanted.has(value.name)) continue
    const scale = new Value(fresh.make(`${value.name}_scale`), tensorType('float32', []))
    const zero = new Value(fresh.make(`${value.name}_zero`), tensorType('uint8', []))
    for (const input of [scale, zero]) input.graph = graph
    parameters.set(value.name, { scale: scale.name, zero: zero.name })
    graph.inputs.push(scale, zero)
    const quantize = makeNode('QuantizeLinear', [value, scale, zero], [fresh.make('quantized')])
    const levels = quantize.output(0)
    const restore = makeNode('DequantizeLinear', [levels, scale, zero], [fresh.make('restored')])
    const restored = restore.output(0)
    if (restored === null) throw new Error('a DequantizeLinear has one output')
    graph.replaceUses(value, restored)
    const [first] = graph.nodes()
    if (value.producer !== null) graph.insertAfter(quantize, value.producer)
    else if (first !== undefined) graph.insertBefore(quantize, first)
    graph.insertAfter(restore, quantize)
    quantize.setInput(0, value)
  }
  return parameters
}
