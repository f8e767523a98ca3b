// Interval bounds of sizes, from: every named size is ≥ 0.

import type { Atom, Size, Term } from './expression.ts'

type Interval = readonly [low: number, high: number]

export function lowerBound(size: Size): number {
  return bounds(size)[0]
}

export function upperBound(size: Size): number {
  return bounds(size)[1]
}

function bounds(size: Size): Interval {
  if (typeof size === 'number') return [size, size]
  let low = 0
  let high = 0
  for (const term of size.terms) {
    const [termLow, termHigh] = termBounds(term)
    low += termLow
    high += termHigh
  }
  return [low, high]
}

function termBounds({ coefficient, atoms }: Term): Interval {
  let [low, high] = [1, 1]
  const intervals = atoms.map(atomBounds)
  if (intervals.length > 1 && intervals.some(([least]) => least < 0)) return [-Infinity, Infinity]
  if (intervals.length === 1) [low, high] = intervals[0] ?? [low, high]
  else {
    for (const [least, most] of intervals) {
      low *= least
      high = high === 0 || most === 0 ? 0 : high * most
    }
  }
  return coefficient > 0
    ? [scaled(coefficient, low), scaled(coefficient, high)]
    : [scaled(coefficient, high), scaled(coefficient, low)]
}

function scaled(coefficient: number, bound: number): number {
  return bound === 0 ? 0 : coefficient * bound
}

function atomBounds(atom: Atom): Interval {
  if (atom.kind === 'symbol') return [0, Infinity]
  if (atom.kind === 'floor') {
    const [low, high] = bounds(atom.numerator)
    const { denominator } = atom
    if (typeof denominator === 'number') {
      return [Math.floor(low / denominator), Math.floor(high / denominator)]
    }
    return low >= 0 ? [0, high] : [-Infinity, Infinity]
  }
  const [leftLow, leftHigh] = bounds(atom.left)
  const [rightLow, rightHigh] = bounds(atom.right)
  const pick = atom.kind === 'max' ? Math.max : Math.min
  return [pick(leftLow, rightLow), pick(leftHigh, rightHigh)]
}
