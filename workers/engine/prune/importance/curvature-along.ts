// H·v by differences of gradients: (g(w + ε·v) − g(w − ε·v)) ÷ 2ε.

import type { Fields, GradientBatches } from '../../train/gradient-batches.ts'

/** ε times the norm of v, as a share of the norm of w: float32 tells gradients so near apart, and the loss is still even there. */
const SHARE = 0.01

/** By constant; those that v leaves out stay where they are, but have their part of H·v. */
export async function curvatureAlong(
  session: Pick<GradientBatches, 'weights' | 'run'>,
  fields: Fields,
  direction: ReadonlyMap<string, Float32Array>,
  share = SHARE,
): Promise<Map<string, Float32Array>> {
  const size = norm([...direction.values()])
  const own = norm(
    [...direction.keys()].map((name) => session.weights.get(name) ?? new Float32Array()),
  )
  if (size === 0) return new Map()
  const step = (share * own) / size
  const moved = (by: number) =>
    new Map(
      [...direction].map(([name, along]) => {
        const weight = session.weights.get(name) ?? new Float32Array(along.length)
        return [name, weight.map((value, index) => value + by * (along[index] ?? 0))]
      }),
    )
  const ahead = await session.run(fields, moved(step))
  const behind = await session.run(fields, moved(-step))
  return new Map(
    [...ahead.gradients].map(([name, gradient]) => {
      const other = behind.gradients.get(name)
      return [name, gradient.map((value, index) => (value - (other?.[index] ?? 0)) / (2 * step))]
    }),
  )
}

function norm(vectors: readonly Float32Array[]): number {
  let square = 0
  for (const vector of vectors) for (const value of vector) square += value ** 2
  return Math.sqrt(square)
}
