// Targets drawn from what a model says itself: −∂²log p and the square of ∂log p have the same mean then (Fisher), while the answer itself
// as its own target has no gradient at all (Kunstner et al., Limitations of the empirical Fisher approximation, 2019).

import type { RuntimeTensor } from '../runtime/runtime.ts'
import type { LossTerm } from './losses/loss-term.ts'

/** Logits of a class that is certain, and of all others. */
const [CERTAIN, IMPOSSIBLE] = [0, -40]

/** `answer`: logits of a term of divergence, outputs of one of squared error. `next`: uniform in [0, 1). */
export function drawnTarget(
  answer: RuntimeTensor,
  term: LossTerm,
  next: () => number,
): RuntimeTensor {
  const isOfClasses = term.kind === 'divergence' || term.kind === 'cross_entropy'
  if (!isOfClasses) return withNoise(answer, next)
  const { dims } = answer
  const axis = term.axis < 0 ? dims.length + term.axis : term.axis
  const size = dims[axis] ?? 1
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const logits = answer.data as Float32Array
  const drawn = new Float32Array(logits.length).fill(IMPOSSIBLE)
  for (let start = 0; start < logits.length; start += size * inner) {
    for (let offset = 0; offset < inner; offset += 1) {
      const at = (index: number) => start + index * inner + offset
      const own = Array.from({ length: size }, (_, index) => logits[at(index)] ?? 0)
      drawn[at(drawClass(own, next()))] = CERTAIN
    }
  }
  return { dtype: 'float32', dims, data: drawn }
}

function drawClass(logits: readonly number[], chance: number): number {
  const most = logits.reduce((one, other) => Math.max(one, other), -Infinity)
  const weights = logits.map((logit) => Math.exp(logit - most))
  let left = chance * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return index
  }
  return logits.indexOf(most)
}

/** Normal (Box–Muller), as large as the answers are on the whole. */
function withNoise(answer: RuntimeTensor, next: () => number): RuntimeTensor {
  const values = Float32Array.from(answer.data as ArrayLike<number>)
  const square = values.reduce((sum, value) => sum + value ** 2, 0) / Math.max(1, values.length)
  const size = Math.sqrt(square)
  const data = values.map((value) => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    return value + size * radius * Math.cos(2 * Math.PI * next())
  })
  return { dtype: 'float32', dims: answer.dims, data }
}
