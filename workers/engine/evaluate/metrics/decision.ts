// The class that an output stands for.

/** A score of width 1 is the probability of class 1. */
const HALF = 0.5

/** Index of the largest score of row `sample`, the first among equals; NaN never wins: −1 where nothing else is. */
export function decisionOf(
  outputs: ArrayLike<number>,
  sample: number,
  width: number,
  areClasses: boolean,
): number {
  const start = sample * width
  if (width === 1) {
    const value = outputs[start] ?? NaN
    return areClasses ? value : Number(value > HALF)
  }
  let best = -1
  let highest = -Infinity
  for (let index = 0; index < width; index += 1) {
    const score = outputs[start + index] ?? NaN
    if (score > highest) {
      highest = score
      best = index
    }
  }
  return best
}
