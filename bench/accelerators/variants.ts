// The forms of a model that jobs make, for runs on accelerators. Calibrated on random inputs: placements, not accuracy.

import { quantizeDynamic } from '#engine/quantize/dynamic'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { STATIC_DEFAULTS, quantizeStatic } from '#engine/quantize/static'
import { simplify } from '#engine/rewrite/simplify'
import type { Runtime, RuntimeTensor } from '#engine/runtime/runtime'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'

export const VARIANTS = ['original', 'simplified', 'static', 'dynamic', 'float16'] as const
export type Variant = (typeof VARIANTS)[number]

export async function variantOf(
  bytes: Uint8Array,
  variant: Variant,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  runtime: Runtime,
): Promise<Uint8Array> {
  if (variant === 'original') return bytes
  const model = readModel(bufferRange(bytes))
  return modelBytes(await change(model, variant, feeds, runtime), 'inline')
}

async function change(
  model: Model,
  variant: Exclude<Variant, 'original'>,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  runtime: Runtime,
): Promise<Model> {
  const excludedLayers: readonly string[] = []
  if (variant === 'simplified') {
    await simplify(model, runtime)
    return model
  }
  if (variant === 'static') {
    return (await quantizeStatic(model, STATIC_DEFAULTS, [feeds], runtime, 'unmeasured')).model
  }
  if (variant === 'dynamic') {
    return (await quantizeDynamic(model, { perChannel: false, excludedLayers }, runtime)).model
  }
  return (
    await quantizeFloat16(model, { keepIoTypes: true, excludedLayers, feeds: [feeds] }, runtime)
  ).model
}
