// Whether two providers computed the same function: rounding may differ, kernels that compute something else show.

import type { RuntimeTensor } from '../runtime/runtime.ts'
import { numbersOf } from './tensor-data.ts'

type Outputs = Readonly<Record<string, RuntimeTensor>>

// Integer kernels round elsewhere than float ones: a few quanta of 1/255 of the range.
const RELATIVE = 0.05
const ABSOLUTE = 1e-5

/** |a − b| ≤ 0.05 · max|a| + 10⁻⁵ for every element of every output; what is not finite must be equal. */
export function outputsAgree(expected: Outputs, actual: Outputs): boolean {
  return Object.entries(expected).every(([name, tensor]) => {
    const other = actual[name]
    return (
      other !== undefined &&
      other.dims.join() === tensor.dims.join() &&
      numbersAgree(numbersOf(tensor), numbersOf(other))
    )
  })
}

function numbersAgree(expected: ArrayLike<number>, actual: ArrayLike<number>): boolean {
  let largest = 0
  for (let index = 0; index < expected.length; index += 1) {
    const size = Math.abs(expected[index] ?? 0)
    if (Number.isFinite(size) && size > largest) largest = size
  }
  const most = RELATIVE * largest + ABSOLUTE
  for (let index = 0; index < expected.length; index += 1) {
    const [wanted, found] = [expected[index] ?? 0, actual[index] ?? Number.NaN]
    const isClose = Number.isFinite(wanted)
      ? Math.abs(wanted - found) <= most
      : Object.is(wanted, found)
    if (!isClose) return false
  }
  return true
}
