// Signal processing: DFT, STFT, window functions, mel weights.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { dtypeAttribute } from './casting.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { add, floorDivide, multiply, subtract } from './symbols.ts'

/** ⌊n/2⌋ + 1 frequencies of a real signal. */
function oneSided(length: MaybeSize): MaybeSize {
  return add(floorDivide(length, 2), 1)
}

/** The axis is an attribute before opset 20 and input 2 since (default -2). The last axis holds real and imaginary parts. */
const dft: ShapeRule = (call) => {
  const shape = call.shape(0)
  const dtype = call.dtype(0)
  if (shape === null) return [tensor(dtype, null)]
  const given = call.opset < 20 ? call.int('axis', 1) : call.has(2) ? call.scalar(2) : -2
  const axis = typeof given === 'number' ? call.axis(given, shape.length) : null
  if (axis === null) return [ofRank(dtype, shape.length)]
  const [inverse, half] = [call.int('inverse', 0) !== 0, call.int('onesided', 0) !== 0]
  const stated = call.has(1) ? call.scalar(1) : undefined
  const realResult = inverse && half
  let length: MaybeSize = stated === undefined ? (shape[axis] ?? null) : stated
  if (realResult && stated === undefined) length = multiply(subtract(length, 1), 2)
  else if (half && !inverse) length = oneSided(length)
  const last = shape.length - 1
  const sizes = shape.map((size, at) => {
    if (at === last) return realResult ? 1 : 2
    return at === axis ? length : size
  })
  return [tensor(dtype, sizes)]
}

/** [batch, ⌊(signal - frame)/step⌋ + 1, frequencies, 2]. */
const stft: ShapeRule = (call) => {
  const frame = call.has(3) ? call.scalar(3) : call.dim(2, 0)
  const step = call.scalar(1)
  const frames = add(floorDivide(subtract(call.dim(0, 1), frame), step), 1)
  const frequencies = call.int('onesided', 1) !== 0 ? oneSided(frame) : frame
  return [tensor(call.dtype(0), [call.dim(0, 0), frames, frequencies, 2])]
}

const windowFunction: ShapeRule = (call) => [
  tensor(dtypeAttribute(call, 'output_datatype', 'float32'), [call.scalar(0)]),
]

/** Inputs: number of mel bins, DFT length, sample rate, edges. */
const melWeightMatrix: ShapeRule = (call: Call) => [
  tensor(dtypeAttribute(call, 'output_datatype', 'float32'), [
    oneSided(call.scalar(1)),
    call.scalar(0),
  ]),
]

export const SIGNAL_RULES: RuleTable = {
  BlackmanWindow: windowFunction,
  DFT: dft,
  HammingWindow: windowFunction,
  HannWindow: windowFunction,
  MelWeightMatrix: melWeightMatrix,
  STFT: stft,
}
