// The opset that quantizers need, and the reasons when a model does not get there.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import type { Declined } from '../rewrite/pass.ts'
import type { ActivationType } from './activation-type.ts'
import { OPSET_OF_16_BITS, isWide } from './activation-type.ts'

/** Scales per channel came with it; the reasons why a model stays below are those of the upgrade. */
const OPSET_OF_CHANNELS = 13

/** Raises the model for 16 bits. Empty when it can be quantized. */
export function requireOpset(model: Model, activations: ActivationType): Declined[] {
  if (isWide(activations)) upgradeOpset(model, OPSET_OF_16_BITS)
  const needed = isWide(activations) ? OPSET_OF_16_BITS : OPSET_OF_CHANNELS
  const version = opsetVersion(model)
  if (version >= needed) return []
  const what = isWide(activations) ? '16-bit activations' : 'integer kernels'
  const reason = `${what} need opset ${needed}, and the model could only be raised to ${version}`
  return [{ rule: 'quantize-static', node: null, reason }]
}
