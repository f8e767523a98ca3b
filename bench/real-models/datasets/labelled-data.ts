// Samples named like a model's inputs, with their labels, as the service and the runtime both take them.

import type { RuntimeTensor, TensorData } from '#engine/runtime/runtime'

export interface LabelledData {
  /** First axis = samples. */
  readonly inputs: Readonly<Record<string, RuntimeTensor>>
  /** int64 [samples] classes, or float32 [samples, …] targets. */
  readonly labels: RuntimeTensor
}

/** Calibration samples are never evaluated. */
export interface SplitData {
  readonly calibration: LabelledData
  readonly evaluation: LabelledData
}

export function sampleCount({ labels }: LabelledData): number {
  return labels.dims[0] ?? 0
}

export function classLabels(labels: readonly number[]): RuntimeTensor {
  return { dtype: 'int64', dims: [labels.length], data: BigInt64Array.from(labels, BigInt) }
}

export function floatTensor(dims: readonly number[], data: Float32Array): RuntimeTensor {
  return { dtype: 'float32', dims, data }
}

/** Samples at the given indices, in that order. */
function pickSamples(data: LabelledData, indices: readonly number[]): LabelledData {
  const inputs = Object.entries(data.inputs).map(([name, tensor]) => [name, pick(tensor, indices)])
  return { inputs: Object.fromEntries(inputs), labels: pick(data.labels, indices) }
}

/** Every `stride`-th sample calibrates, up to `calibration`; of the others the first `evaluation` are evaluated. */
export function splitSamples(
  data: LabelledData,
  stride: number,
  calibration: number,
  evaluation: number,
): SplitData {
  const all = Array.from({ length: sampleCount(data) }, (_, index) => index)
  const held = all.filter((index) => index % stride === 0)
  const rest = all.filter((index) => index % stride !== 0)
  return {
    calibration: pickSamples(data, held.slice(0, calibration)),
    evaluation: pickSamples(data, rest.slice(0, evaluation)),
  }
}

/** `count` indices spread evenly over `length`. */
export function spreadIndices(length: number, count: number): number[] {
  const taken = Math.min(count, length)
  return Array.from({ length: taken }, (_, index) => Math.floor((index * length) / taken))
}

function pick({ dtype, dims, data }: RuntimeTensor, indices: readonly number[]): RuntimeTensor {
  const [count = 0, ...sample] = dims
  const size = data.length / count
  const picked = emptyLike(data, indices.length * size)
  indices.forEach((index, position) => {
    copyRange(data, picked, index * size, size, position * size)
  })
  return { dtype, dims: [indices.length, ...sample], data: picked }
}

function emptyLike(data: TensorData, length: number): TensorData {
  const make = data.constructor as new (length: number) => TensorData
  return new make(length)
}

function copyRange(
  source: TensorData,
  target: TensorData,
  from: number,
  length: number,
  to: number,
): void {
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  const into = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  const width = source.BYTES_PER_ELEMENT
  into.set(bytes.subarray(from * width, (from + length) * width), to * width)
}
