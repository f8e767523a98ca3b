// Sparse weights: the least important elements become 0, anywhere (unstructured) or n of every m along the axis that is summed
// over (n:m). The model keeps its shape.

import type { Model } from '#src/onnx/ir/model'
import { isFloat } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import { floatValues } from '#src/onnx/tensor-values'
import { liftConstants } from '../rewrite/lift-constants.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf, nodeRulePass } from '../rewrite/pass.ts'
import { upgradeModel } from '../rewrite/upgrade-model.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { GradientMeasure } from './element-gradients.ts'
import { GRADIENT_MEASURES, elementGradients } from './element-gradients.ts'
import { elementScores } from './element-scores.ts'
import type { ElementMeasure } from './element-scores.ts'
import type { ImportanceContext } from './importance/importance.ts'
import type { PruneResult } from './prune-result.ts'
import type { MeasuredReading, WeightReading } from './reading-layers.ts'
import { measureReads, weightReadings } from './reading-layers.ts'

/** A weight with the importance of each element, and what it loses. */
export interface ScoredWeight {
  readonly reading: WeightReading
  readonly scores: Float32Array
}

/** Which elements of each weight stay: 1 stays, 0 goes. */
export type MaskRule = (weights: readonly ScoredWeight[]) => Uint8Array[]

export interface MaskOptions {
  readonly rule: string
  readonly importance: ElementMeasure | GradientMeasure
  readonly excludedLayers: readonly string[]
  readonly seed: number
  readonly feeds: ImportanceContext['feeds']
  readonly gradients: ImportanceContext['gradients']
}

/** Rewrites `model` in place. */
export async function maskWeights(
  model: Model,
  mask: MaskRule,
  options: MaskOptions,
  runtime: Runtime,
): Promise<PruneResult> {
  await prepareMasks(model, runtime)
  const { readings: found, declined } = maskable(model, options)
  const { readings, scores } = await scoresOf(model, found, options, runtime)
  for (const { node } of found.filter((reading) => !readings.includes(reading))) {
    declined.push({ rule: options.rule, node: labelOf(node), reason: 'no gradient reaches it' })
  }
  const weights = readings.map((reading, index) => {
    return { reading, scores: zerosFirst(reading, scores[index] ?? new Float32Array()) }
  })
  const masks = mask(weights)
  for (const [index, { reading }] of weights.entries()) {
    zeroMasked(reading, masks[index] ?? new Uint8Array())
  }
  return { model, details: maskDetails(readings), declined }
}

/** Old models hold weights as inputs with defaults, which nothing may change; statistics take axes as operators of later opsets do. */
export async function prepareMasks(model: Model, runtime: Runtime): Promise<void> {
  await upgradeModel.run(model, runtime)
  await nodeRulePass(liftConstants).run(model, runtime)
}

/** What of each weight is 0 now. */
export function maskDetails(readings: readonly WeightReading[]): PruneResult['details'] {
  const layers = readings.map(({ node, weight }) => {
    const values = weight.constant === null ? [] : floatValues(weight.constant)
    let zeros = 0
    for (const value of values) if (value === 0) zeros += 1
    return { layer: labelOf(node), elements: values.length, zeros }
  })
  const total = layers.reduce((sum, { elements }) => sum + elements, 0)
  const zeros = layers.reduce((sum, layer) => sum + layer.zeros, 0)
  return { weights: layers.length, elements: total, zeros, layers }
}

/** Each weight once; a weight that an excluded layer reads stays. */
export function maskable(
  model: Model,
  { rule, excludedLayers }: Pick<MaskOptions, 'rule' | 'excludedLayers'>,
): { readings: WeightReading[]; declined: Declined[] } {
  const excluded = new Set(excludedLayers)
  const declined: Declined[] = []
  const byWeight = new Map<string, WeightReading>()
  const kept = new Set<string>()
  for (const reading of weightReadings(model)) {
    const reason = excluded.has(labelOf(reading.node)) ? 'excluded' : obstacleOf(reading.tensor)
    if (reason === null) byWeight.set(reading.weight.name, reading)
    else {
      kept.add(reading.weight.name)
      declined.push({ rule, node: labelOf(reading.node), reason })
    }
  }
  for (const name of kept) byWeight.delete(name)
  return { readings: [...byWeight.values()], declined }
}

function obstacleOf({ dtype }: Tensor): string | null {
  return isFloat(dtype) ? null : `weights of type ${dtype} are quantized already`
}

/** What is 0 already goes before anything else, whatever it is worth: earlier rounds have their part in what is asked for. */
function zerosFirst({ tensor }: WeightReading, scores: Float32Array): Float32Array {
  const values = floatValues(tensor)
  return scores.map((score, index) => (values[index] === 0 ? -Infinity : score))
}

interface Scored {
  readonly readings: WeightReading[]
  readonly scores: readonly Float32Array[]
}

async function scoresOf(
  model: Model,
  readings: readonly WeightReading[],
  { importance, feeds, gradients, seed }: MaskOptions,
  runtime: Runtime,
): Promise<Scored> {
  if (isGradientMeasure(importance)) {
    if (gradients === 'none') throw new Error('importance by gradients needs data')
    const elements = await elementGradients(importance, model, gradients, seed, runtime)
    const reached = readings.filter(({ weight }) => elements.has(weight.name))
    const scores = reached.flatMap(({ weight }) => elements.get(weight.name) ?? [])
    return { readings: reached, scores }
  }
  const measured = new Map<string, MeasuredReading>()
  if (importance === 'activation') {
    if (feeds === 'none') throw new Error('importance by activations needs data')
    const reads = await measureReads(model, feeds, runtime)
    for (const reading of reads) measured.set(reading.weight.name, reading)
  }
  const scores = readings.map((reading, index) => {
    const own = measured.get(reading.weight.name)
    return elementScores(importance, reading, own, { seed: seed + index })
  })
  return { readings: [...readings], scores }
}

function isGradientMeasure(name: MaskOptions['importance']): name is GradientMeasure {
  return GRADIENT_MEASURES.some((measure) => measure === name)
}

export function zeroMasked(reading: WeightReading, mask: Uint8Array): void {
  const values = floatValues(reading.tensor)
  replaceWeight(
    reading,
    Float32Array.from(values, (value, index) => (mask[index] === 0 ? 0 : value)),
  )
}

/** In the type that the weight has. */
export function replaceWeight({ weight, tensor }: WeightReading, values: Float32Array): void {
  const replaced =
    tensor.dtype === 'float32'
      ? typedTensor(tensor.name, 'float32', tensor.dims, values)
      : makeTensor(tensor.name, tensor.dtype, tensor.dims, [...values])
  weight.graph?.setInitializer(weight, replaced)
}
