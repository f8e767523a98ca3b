// Arithmetic of sizes. `null` (unknown) in, `null` out; nothing here guesses.

import type { Size, Term } from './expression.ts'
import {
  extremeAtom,
  floorAtom,
  keyOf,
  multiplyTerms,
  sumOfTerms,
  termsOf,
  Expression,
} from './expression.ts'
import { lowerBound, upperBound } from './bounds.ts'

export type MaybeSize = Size | null

export function add(a: MaybeSize, b: MaybeSize): MaybeSize {
  if (a === null || b === null) return null
  if (typeof a === 'number' && typeof b === 'number') return safe(a + b)
  if (a === 0) return b
  if (b === 0) return a
  return sumOfTerms([...termsOf(a), ...termsOf(b)])
}

export function subtract(a: MaybeSize, b: MaybeSize): MaybeSize {
  return add(a, multiply(b, -1))
}

export function multiply(a: MaybeSize, b: MaybeSize): MaybeSize {
  if (a === 0 || b === 0) return 0
  if (a === null || b === null) return null
  if (typeof a === 'number' && typeof b === 'number') return safe(a * b)
  if (a === 1) return b
  if (b === 1) return a
  const right = termsOf(b)
  return sumOfTerms(termsOf(a).flatMap((x) => right.map((y) => multiplyTerms(x, y))))
}

export function product(sizes: readonly MaybeSize[]): MaybeSize {
  return sizes.reduce<MaybeSize>((result, size) => multiply(result, size), 1)
}

export function sum(sizes: readonly MaybeSize[]): MaybeSize {
  return sizes.reduce<MaybeSize>((result, size) => add(result, size), 0)
}

function safe(value: number): number | null {
  return Number.isSafeInteger(value) ? value : null
}

/** p / q where q divides p as a polynomial; else `null`. A symbolic q is taken to be nonzero. */
export function exactDivide(p: MaybeSize, q: MaybeSize): MaybeSize {
  if (p === null || q === null || q === 0) return null
  if (typeof q === 'number') {
    const terms = termsOf(p)
    if (terms.some(({ coefficient }) => coefficient % q !== 0)) return null
    return sumOfTerms(terms.map((term) => ({ ...term, coefficient: term.coefficient / q })))
  }
  const [leading] = q.terms
  let remainder: MaybeSize = p
  let quotient: MaybeSize = 0
  for (let step = 0; step < 64; step += 1) {
    if (remainder === 0) return quotient
    if (remainder === null || leading === undefined) return null
    const first = termsOf(remainder)[0]
    const factor = first === undefined ? null : divideTerms(first, leading)
    if (factor === null) return null
    const part = sumOfTerms([factor])
    quotient = add(quotient, part)
    remainder = subtract(remainder, multiply(part, q))
  }
  return null
}

function divideTerms(a: Term, b: Term): Term | null {
  const coefficient = a.coefficient / b.coefficient
  if (!Number.isInteger(coefficient)) return null
  const atoms = [...a.atoms]
  for (const atom of b.atoms) {
    const index = atoms.findIndex(({ key }) => key === atom.key)
    if (index < 0) return null
    atoms.splice(index, 1)
  }
  return { coefficient, atoms, key: atoms.map(({ key }) => key).join('*') }
}

/** ⌊p / q⌋, q > 0. */
export function floorDivide(p: MaybeSize, q: MaybeSize): MaybeSize {
  if (p === null || q === null) return null
  if (typeof q === 'number') {
    if (q <= 0) return null
    return typeof p === 'number' ? Math.floor(p / q) : floorDivideByNumber(p, q)
  }
  const exact = exactDivide(p, q)
  if (exact !== null) return exact
  return typeof p === 'number' || lowerBound(q) < 0 ? null : floorAtom(p, q)
}

function floorDivideByNumber(p: Expression, n: number): MaybeSize {
  // Σ c·m = n·Σ⌊c/n⌋·m + Σ(c mod n)·m, and the first part leaves the floor.
  const whole = p.terms.map((t) => ({ ...t, coefficient: Math.floor(t.coefficient / n) }))
  const rest = p.terms.map((t) => ({ ...t, coefficient: modulo(t.coefficient, n) }))
  const outside = sumOfTerms(whole.filter((t) => t.coefficient !== 0))
  const inside = sumOfTerms(rest.filter((t) => t.coefficient !== 0))
  if (inside === null || typeof inside === 'number') return outside
  return add(outside, reducedFloor(inside, n))
}

/** ⌊(g·A + c) / (g·m)⌋ = ⌊(A + ⌊c/g⌋) / m⌋ and ⌊(⌊x/a⌋ + b) / c⌋ = ⌊(x + a·b) / (a·c)⌋. */
function reducedFloor(p: Expression, n: number): MaybeSize {
  const divisor = p.terms
    .filter(({ atoms }) => atoms.length > 0)
    .reduce((g, { coefficient }) => greatestCommonDivisor(g, coefficient), n)
  if (divisor > 1) {
    const reduced = p.terms.map((t) => ({ ...t, coefficient: Math.floor(t.coefficient / divisor) }))
    return floorDivide(sumOfTerms(reduced.filter((t) => t.coefficient !== 0)), n / divisor)
  }
  const [first, second] = p.terms
  const atom = first?.atoms[0]
  const alone = first?.coefficient === 1 && first.atoms.length === 1
  const constant = second === undefined ? 0 : second.coefficient
  const offsetOnly = p.terms.length === 1 || (p.terms.length === 2 && second?.atoms.length === 0)
  if (alone && offsetOnly && atom?.kind === 'floor' && typeof atom.denominator === 'number') {
    const numerator = add(atom.numerator, atom.denominator * constant)
    return floorDivide(numerator, atom.denominator * n)
  }
  return floorAtom(p, n)
}

/** ⌈p / q⌉, q > 0. */
export function ceilDivide(p: MaybeSize, q: MaybeSize): MaybeSize {
  return floorDivide(add(p, subtract(q, 1)), q)
}

function modulo(value: number, n: number): number {
  return ((value % n) + n) % n
}

export function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

export function maximum(a: MaybeSize, b: MaybeSize): MaybeSize {
  return extreme('max', a, b)
}

export function minimum(a: MaybeSize, b: MaybeSize): MaybeSize {
  return extreme('min', a, b)
}

function extreme(kind: 'max' | 'min', a: MaybeSize, b: MaybeSize): MaybeSize {
  const difference = subtract(a, b)
  if (a === null || b === null || difference === null) return null
  const [larger, smaller] = kind === 'max' ? [a, b] : [b, a]
  if (lowerBound(difference) >= 0) return larger
  if (upperBound(difference) <= 0) return smaller
  return extremeAtom(kind, a, b)
}

/** Whether two sizes are equal for all values of the symbols (true), for none (false), or `null`: it depends. */
export function sameSize(a: MaybeSize, b: MaybeSize): boolean | null {
  if (a === null || b === null) return null
  if (typeof a === 'number' && typeof b === 'number') return a === b
  if (keyOf(a) === keyOf(b)) return true
  const difference = subtract(a, b)
  if (difference === null) return null
  if (typeof difference === 'number') return difference === 0
  if (lowerBound(difference) > 0 || upperBound(difference) < 0) return false
  return indivisible(difference) ? false : null
}

/** g·A + c with g not dividing c is never 0. */
function indivisible(size: Expression): boolean {
  let divisor = 0
  let constant = 0
  for (const { coefficient, atoms } of size.terms) {
    if (atoms.length === 0) constant = coefficient
    else divisor = greatestCommonDivisor(divisor, coefficient)
  }
  return constant % divisor !== 0
}

/** a < b for all values of the symbols (true), for none (false), or `null`. */
export function lessThan(a: MaybeSize, b: MaybeSize): boolean | null {
  const difference = subtract(a, b)
  if (difference === null) return null
  if (upperBound(difference) < 0) return true
  return lowerBound(difference) >= 0 ? false : null
}

export function isNonNegative(size: MaybeSize): boolean {
  return size !== null && lowerBound(size) >= 0
}

export function isExpression(size: unknown): size is Expression {
  return size instanceof Expression
}
