// The float model with every activation quantized and restored in place, to parameters that are inputs: measures what a choice of
// ranges does to the outputs.

import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import { sliceSamples } from '../evaluate/tensor-data.ts'
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
import { activationParameters } from './activation-parameters.ts'
import type { FeedSource, Feeds } from './activation-statistics.ts'
import type { Ranges } from './quantize-result.ts'

interface Parameters {
  readonly scale: string
  readonly zero: string
}

interface Trial {
  readonly feeds: Feeds
  readonly outputs: Readonly<Record<string, RuntimeTensor>>
}

export class QuantizedActivations {
  readonly #session: RuntimeSession
  readonly #parameters: ReadonlyMap<string, Parameters>
  readonly #trials: readonly Trial[]

  private constructor(
    session: RuntimeSession,
    parameters: ReadonlyMap<string, Parameters>,
    trials: readonly Trial[],
  ) {
    this.#session = session
    this.#parameters = parameters
    this.#trials = trials
  }

  /** `names`: values to quantize; errors are measured on the first `samples` samples. */
  static async load(
    model: Model,
    names: readonly string[],
    feeds: FeedSource,
    samples: number,
    runtime: Runtime,
    threads: number,
  ): Promise<QuantizedActivations> {
    const options = { threads, optimization: 'basic' } as const
    const original = await runtime.load(modelBytes(model, 'inline'), options)
    const trials: Trial[] = []
    try {
      for (const batch of await firstSamples(model, feeds, samples)) {
        trials.push({ feeds: batch, outputs: await original.run(batch) })
      }
    } finally {
      await original.release()
    }
    const quantized = copyModel(model)
    const parameters = appendQuantizers(quantized, names)
    const session = await runtime.load(modelBytes(quantized, 'inline'), options)
    return new QuantizedActivations(session, parameters, trials)
  }

  /** Σ (y − ŷ)² ÷ Σ y² of each output, all outputs together. */
  async error(ranges: Ranges): Promise<number> {
    const parameters: Record<string, RuntimeTensor> = {}
    for (const [name, { scale, zero }] of this.#parameters) {
      const own = activationParameters(ranges.get(name) ?? { low: 0, high: 0 })
      parameters[scale] = { dtype: 'float32', dims: [], data: Float32Array.of(own.scale) }
      parameters[zero] = { dtype: 'uint8', dims: [], data: Uint8Array.of(own.zeroPoint) }
    }
    let error = 0
    for (const { feeds, outputs } of this.#trials) {
      const actual = await this.#session.run({ ...feeds, ...parameters })
      const names = Object.keys(outputs)
      for (const [index, name] of Object.keys(actual).entries()) {
        error += relativeError(outputs[names[index] ?? name], actual[name])
      }
    }
    return error
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

function relativeError(
  wanted: RuntimeTensor | undefined,
  actual: RuntimeTensor | undefined,
): number {
  if (wanted === undefined || actual === undefined || !wanted.dtype.startsWith('float')) return 0
  let [signal, noise] = [0, 0]
  for (let index = 0; index < wanted.data.length; index += 1) {
    const value = Number(wanted.data[index])
    // Infinite scores, as masks write them, carry no signal.
    if (!Number.isFinite(value)) continue
    signal += value * value
    noise += (value - Number(actual.data[index])) ** 2
  }
  return noise / Math.max(signal, Number.MIN_VALUE)
}

/** Whole batches of a model whose batch is fixed; of others no more samples than asked for. */
async function firstSamples(model: Model, feeds: FeedSource, samples: number): Promise<Feeds[]> {
  const isOpen = model.graph.inputs.every(({ type, initializer }) => {
    if (initializer !== null) return true
    return type?.kind === 'tensor' && typeof type.shape?.[0] === 'string'
  })
  const batches: Feeds[] = []
  let taken = 0
  for await (const batch of feeds) {
    const sizes = Object.values(batch).map(({ dims }) => dims[0] ?? 1)
    const size = Math.max(...sizes)
    const keep = Math.min(size, samples - taken)
    const cut = (tensor: RuntimeTensor): RuntimeTensor => sliceSamples(tensor, 0, keep)
    const isCut = isOpen && sizes.every((other) => other === size) && keep < size
    batches.push(
      isCut
        ? Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, cut(tensor)]))
        : batch,
    )
    taken += isCut ? keep : size
    if (taken >= samples) break
  }
  return batches
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
