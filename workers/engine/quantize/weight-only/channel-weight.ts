// Weights in int8 with one symmetric scale per output channel, for operators without a kernel for blocks and for products that gain
// nothing from one. As Cast · scale, which runtimes fold at load so that speed is that of floats, or as DequantizeLinear.

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize } from '#src/onnx/ir/tensor'
import { elementChunks } from '#src/onnx/element-chunks'
import type { WeightEmitter } from './weight-emitter.ts'
import type { WeightSite } from './weight-sites.ts'

const LARGEST = 127

export interface ChannelWeight {
  readonly tensor: Tensor
  readonly axis: number | 'none'
  readonly codes: Int8Array
  readonly scales: Float32Array
  /** ‖W − Ŵ‖² and ‖W‖². */
  readonly error: number
  readonly energy: number
}

/** Reads the tensor twice, a piece at a time. */
export function channelWeight(tensor: Tensor, axis: number | 'none'): ChannelWeight {
  const inner = axis === 'none' ? 1 : tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1)
  const channels = axis === 'none' ? 1 : (tensor.dims[axis] ?? 1)
  const scales = new Float32Array(channels)
  visit(tensor, (value, at) => {
    const channel = Math.floor(at / inner) % channels
    const scale = Math.abs(value) / LARGEST
    if (scale > (scales[channel] ?? 0)) scales[channel] = scale
  })
  scales.forEach((scale, channel) => {
    if (scale === 0) scales[channel] = 1
  })
  const codes = new Int8Array(tensorSize(tensor))
  let [error, energy] = [0, 0]
  visit(tensor, (value, at) => {
    const scale = scales[Math.floor(at / inner) % channels] ?? 1
    const code = Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / scale)))
    codes[at] = code
    error += (value - scale * code) ** 2
    energy += value * value
  })
  return { tensor, axis, codes, scales, error, energy }
}

function visit(tensor: Tensor, take: (value: number, at: number) => void): void {
  let at = 0
  for (const chunk of elementChunks(tensor)) {
    for (let index = 0; index < chunk.length; index += 1, at += 1) take(Number(chunk[index]), at)
  }
}

/** `folded`: Cast and Mul; `qdq`: DequantizeLinear. */
export function emitChannelWeight(
  site: WeightSite,
  { tensor, axis, codes, scales }: ChannelWeight,
  form: 'folded' | 'qdq',
  emitter: WeightEmitter,
): void {
  const { node, stored, weight } = site
  const integers = emitter.constant('w_c', 'int8', tensor.dims, codes)
  const spread = tensor.dims.map((dim, own) => (own === axis ? dim : 1))
  const isOne = axis === 'none'
  if (form === 'qdq') {
    const scale = emitter.constant('s_c', 'float32', isOne ? [] : [scales.length], scales)
    const attributes = isOne ? [] : [intAttribute('axis', axis)]
    node.setInput(
      stored.input,
      emitter.insert(node, 'DequantizeLinear', [integers, scale], attributes),
    )
  } else {
    const scale = emitter.constant('s_c', 'float32', isOne ? [] : spread, scales)
    const to = intAttribute('to', DATA_TYPES.float32.code)
    const cast = emitter.insert(node, 'Cast', [integers], [to])
    node.setInput(stored.input, emitter.insert(node, 'Mul', [cast, scale]))
  }
  emitter.drop(weight)
}
