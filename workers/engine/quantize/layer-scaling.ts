// Scales of channels, put into the weights of the layers on both sides of an activation.

import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { float32Constant } from '../rewrite/constants.ts'
import type { Layer } from './equalization-pairs.ts'
import { channelOf } from './quantize-weight.ts'

/**
 * Largest magnitude per input channel, each output's weights first divided by their own largest: outputs have a scale each.
 * `free`: every input channel has its own outputs.
 */
export function inputMaxima({ node, site, weight }: Layer): Float64Array | 'free' {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  const values = float32Constant(weight) ?? new Float32Array()
  if (slot === 'none') return 'free'
  const [inputAxis, outputAxis] = [slot.inputAxis(node, dims), slot.channelAxis(node, dims.length)]
  if (inputAxis === outputAxis || inputAxis === 'none' || outputAxis === 'none') return 'free'
  const inputOf = channelOf({ dims, axis: inputAxis })
  const outputOf = channelOf({ dims, axis: outputAxis })
  const rows = new Float64Array(dims[outputAxis] ?? 1)
  values.forEach((value, index) => {
    const row = outputOf(index)
    rows[row] = Math.max(rows[row] ?? 0, Math.abs(value))
  })
  const columns = new Float64Array(dims[inputAxis] ?? 1)
  values.forEach((value, index) => {
    const column = inputOf(index)
    const share = Math.abs(value) / Math.max(rows[outputOf(index)] ?? 0, Number.MIN_VALUE)
    columns[column] = Math.max(columns[column] ?? 0, share)
  })
  return columns
}

/** Output channel i of the layer times scales[i]. */
export function scaleMaker({ node, site, weight }: Layer, scales: Float32Array): void {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  if (slot === 'none') return
  const channel = channelOf({ dims, axis: slot.channelAxis(node, dims.length) })
  replaceConstant(weight, (value, index) => value * (scales[channel(index)] ?? 1))
  const bias = site.kernel.bias === 'none' ? null : node.input(site.kernel.bias)
  if (bias !== null)
    replaceConstant(bias, (value, index) => value * (scales[index % scales.length] ?? 1))
}

/** Undoes a factor scales[i] on input channel i. */
export function scaleReader({ node, site, weight }: Layer, scales: Float32Array): void {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  if (slot === 'none') return
  const channel = channelOf({ dims, axis: slot.inputAxis(node, dims) })
  replaceConstant(weight, (value, index) => value / (scales[channel(index)] ?? 1))
}

/** A constant's elements, changed one by one; the constant must have one reader. */
export function replaceConstant(value: Value, by: (value: number, index: number) => number): void {
  const tensor = value.constant
  const values = float32Constant(value)
  if (tensor === null || values === null) throw new Error(`'${value.name}' is no float constant`)
  const data = Float32Array.from(values, by)
  value.graph?.setInitializer(value, typedTensor(tensor.name, 'float32', tensor.dims, data))
}
