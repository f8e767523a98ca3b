// What each layer's output has lost in the quantized model: 10·log10(Σ y² / Σ (y − ŷ)²), against the float model.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { elementCount } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { opRule } from '../ops/registry.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { soleConsumer } from '../rewrite/sole-consumer.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { withSessions } from '../runtime/with-sessions.ts'
import type { Feeds } from './activation-statistics.ts'

/** Elements that leave the runtime in one run; layers beyond that are looked at in a further one. */
const ELEMENTS_PER_RUN = 2 ** 24
const ASSUMED_ELEMENTS = 2 ** 20

/** Layers that multiply and accumulate, and that both models have, by name. Equal outputs have no figure. */
export async function layerNoise(
  float: Model,
  quantized: Model,
  batches: readonly Feeds[],
  runtime: Runtime,
  threads: number,
): Promise<ReadonlyMap<string, number>> {
  const decibels = new Map<string, number>()
  for (const labels of groupsOf(float, batches)) {
    const models = [float, quantized].map((model) => observed(model, labels))
    const sums = new Map(labels.map((label) => [label, { signal: 0, noise: 0 }]))
    const options = {
      threads,
      optimization: 'basic',
      memoryPattern: false,
      sessionConfig: { 'session.disable_quant_qdq': '1' },
    } as const
    const pair = models.map(({ model }) => model)
    await withSessions(pair, options, runtime, async ([reference, other]) => {
      for (const batch of batches) {
        const [wanted, actual] = [await reference?.run(batch), await other?.run(batch)]
        for (const [label, sum] of sums) {
          const names = models.map(({ outputs }) => outputs.get(label) ?? '')
          addError(sum, wanted?.[names[0] ?? ''], actual?.[names[1] ?? ''])
        }
      }
    })
    for (const [label, { signal, noise }] of sums) {
      if (noise > 0 && signal > 0) decibels.set(label, 10 * Math.log10(signal / noise))
    }
  }
  return decibels
}

function addError(
  sum: { signal: number; noise: number },
  wanted: RuntimeTensor | undefined,
  actual: RuntimeTensor | undefined,
): void {
  if (wanted === undefined || actual === undefined) return
  const place = placeIn(wanted.dims, actual.dims)
  if (place === null) return
  for (let index = 0; index < wanted.data.length; index += 1) {
    const value = Number(wanted.data[index])
    const error = value - Number(actual.data[place(index)])
    if (!Number.isFinite(error)) continue
    sum.signal += value * value
    sum.noise += error * error
  }
}

/** Where an element of the float layer is found in the quantized one, which may be a transposed convolution in phases. */
function placeIn(
  wanted: readonly number[],
  actual: readonly number[],
): ((index: number) => number) | null {
  if (wanted.join() === actual.join()) return (index) => index
  const [, channels = 1, height = 1, width = 1] = wanted
  const [, phased = 1, rows = 1, columns = 1] = actual
  const [down, across] = [height / rows, width / columns]
  const isPhased = wanted.length === 4 && actual.length === 4 && wanted[0] === actual[0]
  const isWhole = Number.isInteger(down) && Number.isInteger(across)
  if (!isPhased || !isWhole || phased !== channels * down * across) return null
  return (index) => {
    const [x, y] = [index % width, Math.floor(index / width) % height]
    const plane = Math.floor(index / (width * height))
    const [sample, channel] = [Math.floor(plane / channels), plane % channels]
    const phase = (y % down) * across + (x % across)
    const row = (sample * phased + phase * channels + channel) * rows + Math.floor(y / down)
    return row * columns + Math.floor(x / across)
  }
}

function observed(
  source: Model,
  labels: readonly string[],
): { readonly model: Model; readonly outputs: ReadonlyMap<string, string> } {
  const model = copyModel(source)
  const nodes = new Map(layersOf(model).map((node) => [labelOf(node), node]))
  const outputs = new Map<string, string>()
  const values = labels.flatMap((label) => {
    const value = resultOf(nodes.get(label))
    if (value === null) return []
    outputs.set(label, value.name)
    return [value]
  })
  model.graph.outputs.splice(0, model.graph.outputs.length, ...values)
  sweepDeadCode(model)
  return { model, outputs }
}

/** Sums of integers become numbers by a Cast and a Mul by their scales. */
function resultOf(layer: Node | undefined): Value | null {
  const output = layer?.output(0) ?? null
  if (layer?.is('MatMulInteger') !== true) return output
  return soleConsumer(soleConsumer(output)?.output(0) ?? null)?.output(0) ?? null
}

function layersOf({ graph }: Model): Node[] {
  return [...graph.nodes()].filter((node) => {
    const rule = opRule(node)
    return rule !== 'unknown' && rule.macs !== 'none'
  })
}

function groupsOf(float: Model, batches: readonly Feeds[]): string[][] {
  const shapes = Object.fromEntries(
    Object.entries(batches[0] ?? {}).map(([name, { dims }]) => [name, dims]),
  )
  const facts = inferTypes(float, { inputs: shapes })
  const groups: string[][] = []
  let [open, elements] = [[] as string[], 0]
  for (const node of layersOf(float)) {
    const output = node.output(0)
    const type = output === null ? null : facts.type(output)
    const shape = type?.kind === 'tensor' ? (type.shape ?? []) : []
    const known = shape.flatMap((dim) => (typeof dim === 'number' ? [dim] : []))
    const isKnown = shape.length > 0 && known.length === shape.length
    const size = (isKnown ? elementCount(known) : null) ?? ASSUMED_ELEMENTS
    if (open.length === 0 || elements + size > ELEMENTS_PER_RUN) {
      open = []
      elements = 0
      groups.push(open)
    }
    open.push(labelOf(node))
    elements += size
  }
  return groups
}
