// How much of a model's outputs another model keeps.

import type { RuntimeTensor } from '#engine/runtime/runtime'

type Outputs = Readonly<Record<string, RuntimeTensor>>

/** 10·log10(Σa² / Σ(a − b)²) in dB over all floating-point outputs. */
export function signalToNoise(expected: Outputs, actual: Outputs): number {
  let signal = 0
  let noise = 0
  for (const [name, tensor] of Object.entries(expected)) {
    const other = actual[name]
    for (let index = 0; index < tensor.data.length; index += 1) {
      const value = Number(tensor.data[index])
      const error = value - Number(other?.data[index])
      signal += value * value
      noise += error * error
    }
  }
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise)
}
