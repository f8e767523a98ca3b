// Elements of tensors known in part: a number, an integer beyond 2^53, a size with symbols, a fraction of one, or unknown.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Size } from './expression.ts'
import type { MaybeSize } from './symbols.ts'
import { exactDivide, floorDivide, isExpression, isNonNegative, lessThan } from './symbols.ts'

/** numerator / denominator in a float tensor, before Floor, Ceil or Cast makes a size of it. */
export interface Ratio {
  readonly kind: 'ratio'
  readonly numerator: Size
  /** A number > 1. */
  readonly denominator: number
}

/** Booleans are 0 and 1. */
export type Element = Size | bigint | Ratio | null

export function isRatio(element: Element): element is Ratio {
  return typeof element === 'object' && element !== null && 'kind' in element
}

/** The element as a size; `null` for fractions, for integers beyond 2^53 and for what is unknown. */
export function sizeOf(element: Element | undefined): MaybeSize {
  if (typeof element === 'number') return Number.isSafeInteger(element) ? element : null
  return isExpression(element) ? element : null
}

export function ratio(numerator: MaybeSize, denominator: number): Element {
  const whole = exactDivide(numerator, denominator)
  if (whole !== null) return whole
  if (numerator === null || typeof numerator === 'number') return null
  return { kind: 'ratio', numerator, denominator }
}

/** A number as the type holds it (wrapped, rounded), or `null` where the runtime's rounding is not reproduced here. */
export function fitNumber(value: number | bigint, dtype: DataType): Element {
  const { family, bits } = DATA_TYPES[dtype]
  if (family === 'boolean') return Number(value) === 0 ? 0 : 1
  if (family === 'float') {
    const real = Number(value)
    if (dtype === 'float64') return real
    if (dtype === 'float32') return Math.fround(real)
    const exact = Number.isInteger(real) && Math.abs(real) <= EXACT_INTEGERS
    return exact && (dtype === 'float16' || dtype === 'bfloat16') ? real : null
  }
  if (bits === 'none' || (family !== 'signed' && family !== 'unsigned')) return null
  if (typeof value === 'number' && !Number.isInteger(value)) return null
  const wrapped =
    family === 'signed' ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value))
  const number = Number(wrapped)
  return Number.isSafeInteger(number) ? number : wrapped
}

/** bfloat16 has 8 significant bits: integers up to this are exact in it and in float16. */
const EXACT_INTEGERS = 256

export function castElement(element: Element, to: DataType): Element {
  if (element === null) return null
  const { family } = DATA_TYPES[to]
  if (family === 'string' || family === 'complex') return null
  if (typeof element === 'number') {
    if (family === 'float' || family === 'boolean') return fitNumber(element, to)
    return Number.isFinite(element) ? fitNumber(Math.trunc(element), to) : null
  }
  if (typeof element === 'bigint') return fitNumber(element, to)
  if (isRatio(element)) {
    if (family === 'float') return to === 'float32' || to === 'float64' ? element : null
    const { numerator, denominator } = element
    return family !== 'boolean' && isNonNegative(numerator)
      ? floorDivide(numerator, denominator)
      : null
  }
  if (family !== 'boolean') return element
  return lessThan(0, element) === true ? 1 : null
}
