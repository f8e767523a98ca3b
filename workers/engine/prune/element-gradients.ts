// What each element of each weight is worth by gradients: how steep the loss is, or what it loses with the element to first or second
// order. As the measures of channels, element by element.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { Fields, GradientBatches, GradientTask } from '../train/gradient-batches.ts'
import { openGradientBatches } from '../train/gradient-batches.ts'
import { curvatureAlong } from './importance/curvature-along.ts'
import { products } from './importance/gate-scores.ts'
import { uniformNumbers } from './importance/random.ts'

export const GRADIENT_MEASURES = ['gradient', 'taylor', 'fisher', 'hessian'] as const

export type GradientMeasure = (typeof GRADIENT_MEASURES)[number]

const BATCH = 8
const PROBES = 4

type Elements = ReadonlyMap<string, Float32Array>

/** By constant; weights without a gradient are left out. @throws GradientRefusal; RuntimeRejection */
export async function elementGradients(
  measure: GradientMeasure,
  model: Model,
  task: GradientTask,
  seed: number,
  runtime: Runtime,
): Promise<Elements> {
  const targets = measure === 'hessian' ? 'own' : 'drawn'
  const size = measure === 'fisher' ? 1 : BATCH
  const session = await openGradientBatches(model, task, { size, targets, seed }, runtime)
  const next = uniformNumbers(seed)
  const totals = new Map<string, Float32Array>()
  try {
    for await (const fields of session.batches()) {
      for (const [name, part] of await partOf(measure, session, fields, next)) {
        const total = totals.get(name) ?? new Float32Array(part.length)
        totals.set(name, total)
        for (const [index, value] of part.entries()) total[index] = (total[index] ?? 0) + value
      }
    }
  } finally {
    await session.release()
  }
  return totals
}

async function partOf(
  measure: GradientMeasure,
  session: GradientBatches,
  fields: Fields,
  next: () => number,
): Promise<Elements> {
  if (measure === 'hessian') return await curvatures(session, fields, next)
  const { gradients } = await session.run(fields)
  if (measure === 'gradient') return mapped(gradients, Math.abs)
  return mapped(products(gradients, session.weights), (product) => product ** 2)
}

/** w²·H_ii ÷ 2 by ±1 drawn for each element (Hutchinson 1990). */
async function curvatures(
  session: GradientBatches,
  fields: Fields,
  next: () => number,
): Promise<Elements> {
  const totals = new Map<string, Float32Array>()
  for (let probe = 0; probe < PROBES; probe += 1) {
    const direction = mapped(session.weights, (weight) => (next() < 0.5 ? -weight : weight))
    const curved = await curvatureAlong(session, fields, direction)
    for (const [name, part] of products(curved, direction)) {
      const total = totals.get(name) ?? new Float32Array(part.length)
      totals.set(name, total)
      for (const [index, value] of part.entries()) {
        total[index] = (total[index] ?? 0) + value / (2 * PROBES)
      }
    }
  }
  return totals
}

function mapped(elements: Elements, f: (value: number) => number): Map<string, Float32Array> {
  return new Map([...elements].map(([name, values]) => [name, values.map((value) => f(value))]))
}
