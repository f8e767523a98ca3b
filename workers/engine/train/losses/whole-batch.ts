// What terms divide by: means over the batch that follow from its targets alone. A graph that sees a part of a batch is told them.

import type { Value } from '#src/onnx/ir/value'
import type { Dim } from '#src/onnx/ir/value-type'
import { numbersOf } from '../../evaluate/tensor-data.ts'
import type { RuntimeTensor } from '../../runtime/runtime.ts'

export type OfBatch = (batch: Readonly<Record<string, RuntimeTensor>>) => number

/** The input of the graph that brings it; `null` where the graph sees whole batches and finds out itself. */
export type WholeBatch = (of: OfBatch) => Value | null

/** Share of the labels that name one of the classes, taken as one label at least. */
export function knownShare(target: string, classes: Dim): OfBatch {
  const end = typeof classes === 'number' ? classes : Infinity
  return (batch) => {
    const labels = numbersIn(batch, target)
    let known = 0
    for (let index = 0; index < labels.length; index += 1) {
      const label = Math.trunc(labels[index] ?? 0)
      if (label >= 0 && label < end) known += 1
    }
    return Math.max(known, 1) / labels.length
  }
}

export function meanSquare(target: string, least: number): OfBatch {
  return (batch) => {
    const numbers = numbersIn(batch, target)
    let sum = 0
    for (let index = 0; index < numbers.length; index += 1) sum += (numbers[index] ?? 0) ** 2
    return Math.max(sum / numbers.length, least)
  }
}

function numbersIn(batch: Parameters<OfBatch>[0], target: string): ArrayLike<number> {
  const tensor = batch[target]
  if (tensor === undefined) throw new Error(`the batch has no '${target}'`)
  return numbersOf(tensor)
}
