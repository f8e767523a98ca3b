// Activations that float16 does not hold: what they reach on samples tells.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { activationStatistics } from './activation-statistics.ts'

/** Largest finite magnitude of each value measured, by name. */
export type Magnitudes = ReadonlyMap<string, number>

const LARGEST_HALF = 65504

/** What samples reach may be exceeded later. */
const HEADROOM = 2

/** Below it, float16 has fewer than its 11 digits. */
const SMALLEST_NORMAL = 2 ** -14

/** @throws OnnxError invalid_weights naming a value that is NaN; RuntimeRejection; RangeError without feeds */
export async function measureMagnitudes(
  model: Model,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<Magnitudes> {
  const facts = inferTypes(model)
  const names = [...model.graph.nodes()].flatMap((node) =>
    node.outputs.flatMap((value) => {
      const type = value === null ? null : facts.type(value)
      const isFloat = type?.kind === 'tensor' && type.dtype === 'float32'
      return value !== null && isFloat ? [value.name] : []
    }),
  )
  const options = { histograms: false, threads }
  const { ranges } = await activationStatistics(model, names, feeds, runtime, options)
  return new Map([...ranges].map(([name, { low, high }]) => [name, Math.max(-low, high)]))
}

/** The reason why the node stays in float32, or `null`. */
export function rangeObstacle(node: Node, magnitudes: Magnitudes): string | null {
  for (const value of [...node.inputs, ...node.outputs]) {
    const largest = value === null ? undefined : magnitudes.get(value.name)
    if (value === null || largest === undefined) continue
    if (largest * HEADROOM > LARGEST_HALF) {
      return `'${value.name}' reaches ${largest.toPrecision(4)} on the samples; float16 ends at 65504, and twice as much must fit`
    }
    if (largest > 0 && largest < SMALLEST_NORMAL) {
      return `'${value.name}' is at most ${largest.toPrecision(4)} on the samples, where float16 has few digits`
    }
  }
  return null
}
