// Arithmetic of elements as the operators define it. A result that the runtime might round differently is `null`.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Element, Ratio } from './element.ts'
import { fitNumber, isRatio, ratio, sizeOf } from './element.ts'
import type { MaybeSize } from './symbols.ts'
import {
  add,
  ceilDivide,
  exactDivide,
  floorDivide,
  isExpression,
  isNonNegative,
  lessThan,
  maximum,
  minimum,
  multiply,
  sameSize,
  subtract,
} from './symbols.ts'

export type BinaryElementOp = (a: Element, b: Element, dtype: DataType) => Element

interface NumberOps {
  readonly real: (a: number, b: number) => number
  readonly integer: (a: bigint, b: bigint) => bigint | null
  readonly symbolic: (a: Fraction, b: Fraction, float: boolean) => Element
}

/** numerator / denominator; the denominator is a power of two unless the value came from one division. */
interface Fraction {
  readonly numerator: MaybeSize
  readonly denominator: number
}

function binary(ops: NumberOps): BinaryElementOp {
  return (a, b, dtype) => {
    if (a === null || b === null) return null
    const float = DATA_TYPES[dtype].family === 'float'
    if (typeof a === 'number' && typeof b === 'number') {
      const result = ops.real(a, b)
      if (float) return fitNumber(result, dtype)
      if (Number.isSafeInteger(result)) return fitNumber(result, dtype)
    }
    if (isInteger(a) && isInteger(b)) {
      const result = ops.integer(BigInt(a), BigInt(b))
      return result === null ? null : fitNumber(result, dtype)
    }
    const left = fraction(a)
    const right = fraction(b)
    return left === null || right === null ? null : ops.symbolic(left, right, float)
  }
}

function isInteger(element: Element): element is number | bigint {
  return typeof element === 'bigint' || (typeof element === 'number' && Number.isInteger(element))
}

/** Fractions whose denominator is no power of two are rounded by the runtime: no arithmetic on them. */
function fraction(element: Element): Fraction | null {
  if (isRatio(element)) return isPowerOfTwo(element.denominator) ? element : null
  if (isExpression(element)) return { numerator: element, denominator: 1 }
  if (typeof element !== 'number') return null
  for (let denominator = 1; denominator <= 1024; denominator *= 2) {
    if (Number.isSafeInteger(element * denominator)) {
      return { numerator: element * denominator, denominator }
    }
  }
  return null
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}

function sumOf(combine: typeof add): NumberOps['symbolic'] {
  return (a, b) => {
    const left = multiply(a.numerator, b.denominator)
    const right = multiply(b.numerator, a.denominator)
    return ratio(combine(left, right), a.denominator * b.denominator)
  }
}

export const addElements = binary({
  real: (a, b) => a + b,
  integer: (a, b) => a + b,
  symbolic: sumOf(add),
})

export const subtractElements = binary({
  real: (a, b) => a - b,
  integer: (a, b) => a - b,
  symbolic: sumOf(subtract),
})

export const multiplyElements = binary({
  real: (a, b) => a * b,
  integer: (a, b) => a * b,
  symbolic: (a, b) => ratio(multiply(a.numerator, b.numerator), a.denominator * b.denominator),
})

export const divideElements = binary({
  real: (a, b) => a / b,
  integer: (a, b) => (b === 0n ? null : a / b),
  symbolic(a, b, float) {
    const above = multiply(a.numerator, b.denominator)
    const below = multiply(b.numerator, a.denominator)
    const exact = exactDivide(above, below)
    if (exact !== null) return exact
    if (float) return typeof below === 'number' && below > 0 ? ratio(above, below) : null
    // Division of integers cuts towards zero, which is the floor for sizes ≥ 0.
    return isNonNegative(above) && isNonNegative(below) ? floorDivide(above, below) : null
  },
})

/** Mod with fmod = 0: the result has the divisor's sign. */
export const moduloElements = binary({
  real: (a, b) => a - b * Math.floor(a / b),
  integer(a, b) {
    if (b === 0n) return null
    const rest = a % b
    return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest
  },
  symbolic(a, b) {
    if (a.denominator !== 1 || b.denominator !== 1 || !isNonNegative(b.numerator)) return null
    return subtract(a.numerator, multiply(b.numerator, floorDivide(a.numerator, b.numerator)))
  },
})

export const maximumElements = binary({
  real: Math.max,
  integer: (a, b) => (a > b ? a : b),
  symbolic: (a, b) => whole(a, b, maximum),
})

export const minimumElements = binary({
  real: Math.min,
  integer: (a, b) => (a < b ? a : b),
  symbolic: (a, b) => whole(a, b, minimum),
})

function whole(a: Fraction, b: Fraction, combine: typeof maximum): Element {
  if (a.denominator !== 1 || b.denominator !== 1) return null
  return combine(a.numerator, b.numerator)
}

export type Comparison = (a: Element, b: Element) => Element

function comparison(
  numbers: (a: number | bigint, b: number | bigint) => boolean,
  sizes: (a: MaybeSize, b: MaybeSize) => boolean | null,
): Comparison {
  return (a, b) => {
    if (isConcrete(a) && isConcrete(b)) return numbers(a, b) ? 1 : 0
    const left = fraction(a)
    const right = fraction(b)
    if (left === null || right === null) return null
    const result = sizes(
      multiply(left.numerator, right.denominator),
      multiply(right.numerator, left.denominator),
    )
    return result === null ? null : Number(result)
  }
}

export function isConcrete(element: Element): element is number | bigint {
  return typeof element === 'number' || typeof element === 'bigint'
}

const negated = (result: boolean | null) => (result === null ? null : !result)

// oxlint-disable-next-line eqeqeq -- a number and a bigint of the same value are equal
export const equalElements = comparison((a, b) => a == b, sameSize)
export const lessElements = comparison((a, b) => a < b, lessThan)
export const greaterElements = comparison(
  (a, b) => a > b,
  (a, b) => lessThan(b, a),
)
export const lessOrEqualElements = comparison(
  (a, b) => a <= b,
  (a, b) => negated(lessThan(b, a)),
)
export const greaterOrEqualElements = comparison(
  (a, b) => a >= b,
  (a, b) => negated(lessThan(a, b)),
)

export function floorElement(element: Element): Element {
  if (typeof element === 'number') return Math.floor(element)
  return isRatio(element) ? floorRatio(element) : element
}

export function ceilElement(element: Element): Element {
  if (typeof element === 'number') return Math.ceil(element)
  return isRatio(element) ? ceilDivide(element.numerator, element.denominator) : element
}

function floorRatio({ numerator, denominator }: Ratio): Element {
  return floorDivide(numerator, denominator)
}

/** Rounds halves to even; fractions of symbols are left unknown. */
export function roundElement(element: Element): Element {
  if (typeof element !== 'number') return isRatio(element) ? null : element
  const below = Math.floor(element)
  const rest = element - below
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1
  return below % 2 === 0 ? below : below + 1
}

export function sameElement(a: Element, b: Element): boolean {
  if (a === null || b === null) return false
  if (isConcrete(a) || isConcrete(b)) return a === b || Object.is(a, b)
  if (isRatio(a)) {
    const same = isRatio(b) && a.denominator === b.denominator
    return same && sameSize(a.numerator, b.numerator) === true
  }
  return sameSize(a, sizeOf(b)) === true
}
